"""What penalties of membranes share: which layers count, and their thresholds as units."""

import math
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.listed import and_dots
from tssd.models.base import NetOutput, SpikingNet
from tssd.neurons import MPBNLIF, Neuron
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.precise import precise

# Where neurons keep the potential at which they fire.
THRESHOLDS = ("v_threshold", "threshold")
# Layers that a message names.
SHOWN = 4


class PotentialPenalty(Objective):
    """Mean over layers of a penalty `of_layer` on u = H / threshold, H before the reset.

    Args:
        layers: names of the layers of neurons that count; * stands for any text; null = all of the
            network's, none of the exits'.
        threshold: the potential that is the unit; null = at which each layer's neurons fire.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: membranes {layer: [T, N, ...]}, target unused -> [].
    Raises: UsageError: a threshold <= 0; when connected: no layer is called so, or its threshold is
        not one number.
    """

    needs_membranes = True

    def __init__(
        self,
        *,
        layers: Sequence[str] | None = None,
        threshold: float | None = None,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        if threshold is not None and not (threshold > 0 and math.isfinite(threshold)):
            raise UsageError(f"threshold: got {threshold}, expected a finite potential > 0")
        if layers is not None and not layers:
            raise UsageError("layers: got none, expected names such as ['stages.0.*'], or null")
        self.layers = None if layers is None else [layers] if isinstance(layers, str) else [*layers]
        self.threshold = threshold
        # Of the layers that count, once they are known.
        self._units: dict[str, float] = {}

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Find the layers and their thresholds; a network without any is refused by the loss."""
        modules = net.named_modules() if isinstance(net, nn.Module) else ()
        neurons = {name: part for name, part in modules if _is_layer(part)}
        for pattern in self.layers or ():
            if neurons and not any(fnmatchcase(name, pattern) for name in neurons):
                raise UsageError(
                    f"layers: got {pattern!r}, but no layer of neurons is called so; there are "
                    f"{and_dots(neurons, SHOWN)}"
                )
        self._units = {
            name: self.threshold or threshold_of(name, part)
            for name, part in neurons.items()
            if self.layers is None or any(fnmatchcase(name, p) for p in self.layers)
        }
        return super().connect(net, timesteps)

    def of_layer(self, u: Tensor) -> Tensor:
        """The penalty of one layer. Shapes: membranes u [T, N, ...], in thresholds -> []."""
        raise NotImplementedError

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        return torch.stack(self.penalties(out)).mean()

    def penalties(self, out: NetOutput) -> list[Tensor]:
        """Of each layer that counts, [] in float32 at least."""
        found = []
        for name, h in out.membranes.items():
            if (unit := self._units.get(name)) is not None:
                found.append(self.of_layer(precise(h) / unit))
        if not found:
            wanted, shown = (and_dots(n, SHOWN) or "none" for n in (self._units, out.membranes))
            raise UsageError(
                f"layers: none of {wanted} showed its membranes, only {shown}; connect the loss to "
                "the network that it runs"
            )
        return found


def threshold_of(name: str, neuron: nn.Module) -> float:
    """The potential at which a layer fires.

    Raises: UsageError: it does not say, or learns one.
    """
    if isinstance(neuron, MPBNLIF):
        raise UsageError(
            f"threshold: {name} ({type(neuron).__name__}) has one of normed membranes, and shows "
            "them before the norm; leave the part mpbn or this term out, or say which potential "
            "counts as one, such as threshold: 1.0"
        )
    holders = (neuron, getattr(neuron, "dynamics", None))
    found = [getattr(holder, key, None) for holder in holders for key in THRESHOLDS]
    for value in found:
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    raise UsageError(
        f"threshold: {name} ({type(neuron).__name__}) has no threshold that is one fixed number; "
        "say which potential counts as one, such as threshold: 1.0"
    )


def checked_spike(spike: float) -> float:
    """The potential of a spike. Raises: UsageError: it is not > 0."""
    if not (spike > 0 and math.isfinite(spike)):
        raise UsageError(f"spike: got {spike}, expected a finite potential > 0, in thresholds")
    return spike


def distance_to_spikes(u: Tensor, spike: float) -> Tensor:
    """How far membranes are from what a spike, or none, would say: min(|u|, |spike - u|)."""
    return torch.minimum(u.abs(), (spike - u).abs())


def _is_layer(part: nn.Module) -> bool:
    """Whether it is a neuron, and not made of others, which then show their own membranes."""
    inside = [each for each in part.modules() if isinstance(each, Neuron)]
    return inside == [part]
