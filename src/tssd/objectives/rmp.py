"""RMP-Loss: membranes near what they are turned into, a spike or none."""

from collections.abc import Sequence

from torch import Tensor

from tssd.errors import UsageError
from tssd.objectives.potential_penalty import (
    PotentialPenalty,
    checked_spike,
    distance_to_spikes,
)


class RMPLoss(PotentialPenalty):
    """Mean over layers, timesteps and neurons of min(|u|, |spike - u|)^exponent.

    A reconstruction: no code is public. The weight is the peak k of a triangle over training,
    2 k n/N up to half of the N epochs, then 2 k (1 - n/N).

    Args:
        exponent: 1 or 2.
        spike: potential that stands for a spike, in thresholds; 2 where neurons are meant to fire
            half-way to it, as the authors' do.
        layers: names of the layers of neurons that count; * stands for any text; null = all of the
            network's, none of the exits'.
        threshold: the potential that is the unit of u; null = at which each layer's neurons fire.
        weight: the factor half-way through training, the paper's k.
    Shapes: membranes {layer: [T, N, ...]}, target unused -> [].
    Raises: UsageError: another exponent, spike <= 0; else as `PotentialPenalty`.
    Source: Guo et al. 2023, arXiv 2308.06787; the form after a line in the authors' code of
        IM-Loss, k from memory.
    """

    # A mean over timesteps: see `Objective`.
    each_timestep = True

    def __init__(
        self,
        exponent: int = 2,
        *,
        spike: float = 1.0,
        layers: Sequence[str] | None = None,
        threshold: float | None = None,
        weight: float = 0.1,
    ) -> None:
        super().__init__(layers=layers, threshold=threshold, weight=weight)
        if exponent not in (1, 2):
            raise UsageError(f"exponent: got {exponent}, expected 1 or 2")
        self.exponent = exponent
        self.spike = checked_spike(spike)

    def share(self, epoch: float, epochs: int) -> float:
        """Up to 1 at half of the training, then down to 0."""
        done = epoch / epochs
        return max(0.0, 2 * min(done, 1 - done))

    def of_layer(self, u: Tensor) -> Tensor:
        """See `PotentialPenalty`."""
        return distance_to_spikes(u, self.spike).pow(self.exponent).mean()
