"""Fewer spikes: layers that fire more often than wanted cost something."""

from collections.abc import Sequence

from torch import Tensor

from tssd.errors import UsageError
from tssd.objectives.potential_penalty import PotentialPenalty
from tssd.surrogates import Rectangular


class FiringRate(PotentialPenalty):
    """Mean over layers of max(0, r - target)^2, r = mean over [T, N, ...] of the spikes.

    What a spiking network costs on a processor that skips what is silent goes with its spikes. A
    spike is u = H / threshold >= 1; its gradient is 1 where |u - 1| < 1/2, whatever surrogate the
    neurons have.

    Args:
        target: spikes per neuron and timestep above which a layer pays, 0 to 1.
        layers: names of the layers of neurons that count; * stands for any text; null = all of the
            network's, none of the exits'.
        threshold: the potential that is the unit of u; null = at which each layer's neurons fire.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: membranes {layer: [T, N, ...]}, target unused -> [].
    Raises: UsageError: a target outside 0 to 1; else as `PotentialPenalty`.
    Source: ours; an upper bound on rates as in Zenke and Vogels 2021, Neural Computation 33(4), of
        layers in place of neurons.
    """

    def __init__(
        self,
        target: float = 0.1,
        *,
        layers: Sequence[str] | None = None,
        threshold: float | None = None,
        weight: float = 10.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(layers=layers, threshold=threshold, weight=weight, ramp_epochs=ramp_epochs)
        if not 0 <= target < 1:
            raise UsageError(
                f"target: got {target}, expected spikes per neuron and timestep, 0 to 1"
            )
        self.target = target
        self._surrogate = Rectangular()

    def of_layer(self, u: Tensor) -> Tensor:
        """See `PotentialPenalty`."""
        above = self._surrogate.spike(u - 1).mean() - self.target
        return above.clamp_min(0).square()
