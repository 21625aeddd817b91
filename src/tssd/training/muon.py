"""Muon, which gets furthest in few steps, as timm has it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.optim import Optimizer

from tssd.errors import UsageError
from tssd.training.fast_bfloat16 import has_fast_bfloat16


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
            import timm.optim.muon as timms
        except ImportError as error:
            raise UsageError(
                "optimizer: Muon is timm's, which is not installed or older than 1.0.21; "
                "pip install 'tssd[timm]', or take --optimizer SGD --optimizer.lr 0.1"
            ) from error
        return _timms_muon(timms)(
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


def _timms_muon(timms: Any) -> Callable[..., Any]:
    """The class of timm, whose steps on this processor are as fast as they can be."""

    class TimmsMuon(timms.Muon):
        def step(self, closure: Callable[[], Any] | None = None) -> Any:
            first = next((p for group in self.param_groups for p in group["params"]), None)
            if first is None or has_fast_bfloat16(first.device):
                return super().step(closure)
            with _in_float32(timms):
                return super().step(closure)

    return TimmsMuon


@contextmanager
def _in_float32(timms: Any) -> Iterator[None]:
    """Steps made orthogonal in float32: timm computes them in bfloat16 and has no option for it.

    Without instructions for bfloat16 that takes several times as long as all else of a training
    step: 33 times as long as in float32 for the weights of MS-ResNet-8 on a processor with AVX2.
    """
    own = timms.zeropower_via_newtonschulz
    timms.zeropower_via_newtonschulz = partial(own, dtype=torch.float32)
    try:
        yield
    finally:
        timms.zeropower_via_newtonschulz = own
