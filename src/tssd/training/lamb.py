"""LAMB, the optimiser of the paper's ImageNet, as timm has it."""

from collections.abc import Iterable
from typing import Any

from torch.optim import Optimizer

from tssd.errors import UsageError


class Lamb(Optimizer):
    """LAMB: Adam whose step on each weight tensor is as long as the tensor's norm allows.

    Calling the class gives timm's optimiser, imported then: few runs need it.

    Args:
        params: parameters, or groups of them.
        lr: learning rate.
        betas: of the means of the gradient and of its square.
        eps: added to the root of the latter.
        weight_decay: added to the step, before its length is set.
        max_grad_norm: norm of the whole gradient that it is clipped to; null = not clipped.
    Raises: UsageError: timm is not installed.
    Source: You et al. 2019, arXiv:1904.00962.
    """

    def __new__(
        cls,
        params: Iterable[Any],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        max_grad_norm: float | None = 1.0,
    ) -> Any:
        """Make the optimiser of timm, which is no instance of this class."""
        try:
            from timm.optim.lamb import Lamb as TimmsLamb
        except ImportError as error:
            raise UsageError(
                "optimizer: LAMB is timm's, which is not installed; pip install 'tssd[timm]', or "
                "take --optimizer AdamW"
            ) from error
        return TimmsLamb(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            max_grad_norm=max_grad_norm,
        )

    # The same options, for those who read them here; Python calls `__new__` alone.
    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        max_grad_norm: float | None = 1.0,
    ) -> None:
        raise NotImplementedError
