"""Muon, which gets furthest in few steps, as timm has it."""

from collections.abc import Iterable
from typing import Any

from torch.optim import Optimizer

from tssd.errors import UsageError


class Muon(Optimizer):
    """Momentum whose step on each weight matrix is made orthogonal; NAdamW for norms and biases.

    Calling the class gives timm's optimiser, imported then: few runs need it. The filters of a
    convolution are the rows of its matrix.

    Args:
        params: parameters, or groups of them.
        lr: learning rate of both; about a tenth of what SGD takes.
        momentum: of the gradient.
        nesterov: whether the step looks ahead by the momentum.
        weight_decay: share of the weights taken off each step, times the rate.
    Raises: UsageError: timm is not installed.
    Source: Jordan et al. 2024, kellerjordan.github.io/posts/muon; with steps as long as AdamW's.
    """

    def __new__(
        cls,
        params: Iterable[Any],
        lr: float = 0.02,
        *,
        momentum: float = 0.95,
        nesterov: bool = True,
        weight_decay: float = 0.0,
    ) -> Any:
        """Make the optimiser of timm, which is no instance of this class."""
        try:
            from timm.optim.muon import Muon as TimmsMuon
        except ImportError as error:
            raise UsageError(
                "optimizer: Muon is timm's, which is not installed or older than 1.0.21; "
                "pip install 'tssd[timm]', or take --optimizer SGD --optimizer.lr 0.1"
            ) from error
        return TimmsMuon(
            params,
            lr=lr,
            momentum=momentum,
            nesterov=nesterov,
            weight_decay=weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )

    # The same options, for those who read them here; Python calls `__new__` alone.
    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.02,
        *,
        momentum: float = 0.95,
        nesterov: bool = True,
        weight_decay: float = 0.0,
    ) -> None:
        raise NotImplementedError
