"""RecDis-SNN: membranes near a spike or none, and as many near the one as near the other."""

from collections.abc import Sequence

from torch import Tensor

from tssd.objectives.potential_penalty import (
    PotentialPenalty,
    checked_spike,
    distance_to_spikes,
)


class RecDisLoss(PotentialPenalty):
    """Mean over layers of mean(min(|u|, |spike - u|)^2) + (mean(u) - spike/2)^2.

    A reconstruction: no code is public, and the published loss has terms of its own for the shifts
    of the distribution that it names. Form and weight are a guess.

    Args:
        spike: potential that stands for a spike, in thresholds; 2 where neurons are meant to fire
            half-way to it, as the authors' do.
        layers: names of the layers of neurons that count; * stands for any text; null = all of the
            network's, none of the exits'.
        threshold: the potential that is the unit of u; null = at which each layer's neurons fire.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: membranes {layer: [T, N, ...]}, target unused -> [].
    Raises: UsageError: spike <= 0; else as `PotentialPenalty`.
    Source: Guo et al. 2022, RecDis-SNN (CVPR); the form after a line in the same authors' code of
        IM-Loss.
    """

    def __init__(
        self,
        spike: float = 1.0,
        *,
        layers: Sequence[str] | None = None,
        threshold: float | None = None,
        weight: float = 0.05,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(layers=layers, threshold=threshold, weight=weight, ramp_epochs=ramp_epochs)
        self.spike = checked_spike(spike)

    def of_layer(self, u: Tensor) -> Tensor:
        """See `PotentialPenalty`."""
        rounding = distance_to_spikes(u, self.spike).square().mean()
        return rounding + (u.mean() - self.spike / 2).square()
