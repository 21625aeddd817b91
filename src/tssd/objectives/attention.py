"""Layer-wise distillation as in LaSNN: where a network looks, as its teacher does."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.objectives.base import Span
from tssd.objectives.taught_features import TaughtFeatures


class AttentionDistillation(TaughtFeatures):
    """Sum over places l of || Q(F_l) - Q(A_l) ||_2, Q(F) = sum_c F_c^2 over its own norm.

    F_l is the mean over time of the network's features, A_l the teacher's; Q says how much of all
    activity is where on the map. The two may have other channels. A mean over samples. A
    reconstruction: no code is public.

    Args:
        teacher: any network of tssd, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        taps: the places, stages' indices or modules' names; null = all stages, or the middle of a
            network without stages.
        teacher_taps: the teacher's, one for each; null = those of the same name.
        span: F_l is the mean over the student's T_s steps, or the teacher's T_t.
        weight: factor of the term, the paper's lambda.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: taps {tap: [T, N, C, H, W]}, input [T, N, ...], target unused -> [].
    Edge cases: flat features [T, N, F] have no map: each neuron is a place of it. A silent sample's
        map is 0 everywhere, and its distance from any other 1.
    Raises: UsageError: as `TaughtFeatures`; when called: maps of another size.
    Source: Hong et al. 2023, arXiv 2304.09101, LaSNN, after attention transfer (Zagoruyko and
        Komodakis 2017, arXiv 1612.03928). The weight is ours.
    """

    def __init__(
        self,
        teacher: nn.Module,
        *,
        taps: Sequence[Tap] | None = None,
        teacher_taps: Sequence[Tap] | None = None,
        span: Span = "teacher",
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(
            teacher,
            taps=taps,
            teacher_taps=teacher_taps,
            span=span,
            weight=weight,
            ramp_epochs=ramp_epochs,
        )

    def default_places(self, net: SpikingNet) -> tuple[Tap | None, ...]:
        """All stages."""
        return tuple(range(len(net.stages))) if isinstance(net, StagedNet) else (None,)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        terms = []
        for place, features in enumerate(self.pairs(out)):
            own, taught = map(attention, features)
            self.check_alike(place, own, taught, remedy=REMEDY)
            terms.append(torch.linalg.vector_norm(own - taught, dim=1).mean())
        return torch.stack(terms).sum()


REMEDY = "take places whose maps have the same size (taps, teacher_taps)"


def attention(features: Tensor) -> Tensor:
    """Activity at each place of the map, squared and summed over channels, of norm 1.

    Shapes: [N, C, H, W] -> [N, H * W]; [N, C, L] -> [N, L]; [N, F] -> [N, F].
    """
    squares = features.square()
    return F.normalize((squares.sum(1) if features.dim() > 2 else squares).flatten(1), dim=1)
