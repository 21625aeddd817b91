"""LAMB, the optimiser of the paper's ImageNet, as timm has it."""

from collections.abc import Iterable
from typing import Any

from torch.optim import Optimizer

from tssd.errors import UsageError


def lamb(
    params: Iterable[Any],
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-6,
    weight_decay: float = 0.01,
    max_grad_norm: float | None = 1.0,
) -> Optimizer:
    """LAMB: Adam whose step on each weight tensor is as long as the tensor's norm allows.

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
    try:
        from timm.optim.lamb import Lamb
    except ImportError as error:
        raise UsageError(
            "optimizer: LAMB is timm's, which is not installed; pip install 'tssd[timm]', or take "
            "--optimizer AdamW"
        ) from error
    return Lamb(
        params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, max_grad_norm=max_grad_norm
    )
