"""Gradients that are summed piece by piece, and handed on as if they were computed at once."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from tssd.surrogates.spike import refuse_second_derivative


class SummedGradient:
    """The gradient of a loss by some parameters, added up from its parts.

    `deliver` gives a loss whose backward pass hands the sum on. So all that stands behind a loss
    stays as it is: clipping, steps of several batches, several devices, a factor on the loss.

    Args:
        parameters: what is trained.
        device_type: where autocast may be on, which a backward pass has to go without.
    """

    def __init__(self, parameters: Iterable[Tensor], device_type: str) -> None:
        self.parameters = [*parameters]
        self.device_type = device_type
        self._sums: list[Tensor | None] = [None] * len(self.parameters)

    def add(
        self,
        outputs: Sequence[Tensor],
        gradients: Sequence[Tensor],
        leaves: Sequence[Tensor] = (),
    ) -> list[Tensor | None]:
        """Add what some outputs contribute, and let go of their graph.

        Args:
            outputs: of any shape; those without a graph contribute nothing.
            gradients: of the loss by each of them, alike.
            leaves: other tensors, the gradients by which are returned and not added up.
        """
        pairs = [(y, g) for y, g in zip(outputs, gradients, strict=True) if y.requires_grad]
        if not pairs:
            return [None] * len(leaves)
        with torch.autocast(self.device_type, enabled=False):
            found = torch.autograd.grad(
                [y for y, _ in pairs],
                [*self.parameters, *leaves],
                [g for _, g in pairs],
                allow_unused=True,
            )
        own = len(self.parameters)
        for index, g in enumerate(found[:own]):
            known = self._sums[index]
            if known is None:
                # A copy: the same tensor may be the gradient of several parameters.
                self._sums[index] = None if g is None else g.clone()
            elif g is not None:
                known.add_(g)
        return [*found[own:]]

    def deliver(self, loss: Tensor) -> Tensor:
        """The loss [] with the gradient that was summed."""
        if not self.parameters:
            return loss
        return cast(Tensor, _Delivered.apply(loss.detach(), self._sums, *self.parameters))


def trained(*modules: object) -> list[Tensor]:
    """Each parameter of some modules that is trained, once; none where nothing is to learn."""
    if not torch.is_grad_enabled():
        return []
    roots = [module for module in modules if isinstance(module, nn.Module)]
    found = {p: None for root in roots for p in root.parameters()}
    return [p for p in found if p.requires_grad]


class _Delivered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, loss: Tensor, sums: list[Tensor | None], *_: Tensor) -> Tensor:
        ctx.save_for_backward(*sums)
        return loss.clone()

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grads: Tensor
    ) -> tuple[Tensor | None, ...]:
        refuse_second_derivative()
        return None, None, *(None if g is None else grads[0] * g for g in ctx.saved_tensors)
