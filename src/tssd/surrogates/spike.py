"""Forward one function, backward another: the spike, and values with a gradient of your own."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tssd.errors import UsageError

if TYPE_CHECKING:
    from tssd.surrogates.base import Surrogate


def fire(s: Tensor) -> Tensor:
    """1[s >= 0], and NaN where s is NaN, which a comparison alone would take for silence.

    Shapes: [...] -> [...].
    """
    # Clamped to nothing is 0 everywhere but where it is NaN.
    return s.clamp(0, 0).add_(s >= 0)


def straight_through(value: Tensor, soft: Tensor) -> Tensor:
    """`value`, bit for bit, with the gradient of `soft`; for spikes that no `Surrogate` describes.

    Shapes: value [...], soft [...] -> [...].
    Raises: UsageError: in the backward pass: create_graph=True.
    """
    return _StraightThrough.apply(value, soft)  # pyright: ignore[reportReturnType]


def refuse_second_derivative() -> None:
    """Called in a backward pass. Raises: UsageError: it is itself to be differentiated."""
    # With create_graph=True the engine records what happens here, and nothing here can be.
    if torch.is_grad_enabled():
        raise UsageError(
            "create_graph: got True, but a spike has no second derivative here, so a gradient "
            "penalty or a Hessian would have no effect; take the first gradient only, or "
            "write the penalty on what stands in front of the first neuron"
        )


class SurrogateSpike(torch.autograd.Function):
    """`fire` with a surrogate's derivative, which keeps what its `compress` keeps."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, surrogate: "Surrogate") -> Tensor:
        """1[s >= 0]."""
        kept = torch.empty_like(s, dtype=surrogate.kept_dtype(s.dtype))
        surrogate.compress(s.clone(), kept)  # which may overwrite what it is given
        ctx.save_for_backward(kept)
        ctx.surrogate = surrogate
        return fire(s)

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grads: Tensor
    ) -> tuple[Tensor, None]:
        """The gradient times the derivative."""
        refuse_second_derivative()
        return ctx.surrogate.scale(grads[0].clone(), *ctx.saved_tensors), None


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, soft: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grads: Tensor
    ) -> tuple[None, Tensor]:
        refuse_second_derivative()
        return None, grads[0]
