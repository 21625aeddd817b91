"""Blurred feature distillation of BKDSNN: a teacher's features restored from masked spikes."""

import math
from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, Tap
from tssd.objectives.base import Span, Timesteps
from tssd.objectives.features import REMEDY, channels_of, checked_channels
from tssd.objectives.own_layers import applied, where_the_weights_are
from tssd.objectives.taught_features import (
    TaughtFeatures,
    convolution,
)

# Below this a teacher's features count as all 0.
NOTHING = 1e-12


class BlurredFeatureDistillation(TaughtFeatures):
    """Sum over places l of || G_l(m r_l(F_l)) - A_l max(r_l(F_l)) / max(A_l) ||^2.

    F_l is the mean over time of the network's features, A_l the teacher's; r_l is a 1x1
    convolution, where the two differ in channels, m is 0 for a random share of each sample's
    channels and 1 for the others, G_l is a 3x3 convolution, ReLU and another. A sum over elements
    and a mean over samples; the maxima are of the batch. r and G belong to this term: the network
    is shipped without them.

    Args:
        teacher: any network of tssd, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        taps: the places, stages' indices or modules' names; null = the last stage.
        teacher_taps: the teacher's, one for each; null = those of the same name.
        channels: of the teacher's features, one number for each place; null = the network's own.
        masked: probability of a channel to be masked, 0 to less than 1; in training alone.
        rescaled: whether the teacher's features get the maximum of the network's.
        detach_maximum: whether the network's maximum passes no gradient; in the public code it
            does.
        span: F_l is the mean over the student's T_s steps, or the teacher's T_t.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: taps {tap: [T, N, ...]}, input [T, N, ...], target unused -> [].
    Raises: UsageError: masked out of range, or as `FeatureDistillation`.
    Source: Xu et al. 2024, BKDSNN (ECCV), and its public code.
    """

    def __init__(
        self,
        teacher: nn.Module,
        *,
        taps: Sequence[Tap] | None = None,
        teacher_taps: Sequence[Tap] | None = None,
        channels: Sequence[int] | None = None,
        masked: float = 0.15,
        rescaled: bool = True,
        detach_maximum: bool = False,
        span: Span = "teacher",
        weight: float = 7e-5,
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
        if not (0 <= masked < 1 and math.isfinite(masked)):
            raise UsageError(f"masked: got {masked}, expected a share from 0 to less than 1")
        self.channels = checked_channels(channels)
        self.masked = masked
        self.rescaled = rescaled
        self.detach_maximum = detach_maximum
        self.aligned = nn.ModuleList()
        self.generators = nn.ModuleList()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Build what restores features, where the network's weights are and of their type."""
        super().connect(net, timesteps)
        shapes = [net.tap_shape(tap) for tap in self.taps]
        pairs = [*zip(shapes, channels_of(self.channels, shapes), strict=True)]
        self.aligned = nn.ModuleList([_alignment(shape, c) for shape, c in pairs])
        self.generators = nn.ModuleList([_generator(shape, c) for shape, c in pairs])
        for made in (self.aligned, self.generators):
            where_the_weights_are(made, net)
        return self

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        terms = []
        for place, (own, taught) in enumerate(self.pairs(out)):
            own = applied(self.aligned[place], own)
            self.check_alike(place, own, taught, remedy=REMEDY)
            if self.rescaled:
                most = own.max().detach() if self.detach_maximum else own.max()
                taught = taught * (most / taught.max().clamp_min(NOTHING))
            restored = applied(self.generators[place], self.mask(own))
            terms.append((restored - taught).square().sum() / len(own))
        return torch.stack(terms).sum()

    def mask(self, features: Tensor) -> Tensor:
        """Features without some of each sample's channels. Shapes: [N, C, ...] -> the same."""
        if not (self.training and self.masked):
            return features
        drawn = torch.rand(features.shape[:2], device=features.device)
        kept = (drawn >= self.masked).to(features.dtype)
        return features * kept.view(*kept.shape, *[1] * (features.dim() - 2))


def _alignment(shape: tuple[int, ...], channels: int) -> nn.Module:
    return nn.Identity() if shape[0] == channels else convolution(shape, shape[0], channels, 1)


def _generator(shape: tuple[int, ...], channels: int) -> nn.Module:
    first, second = (convolution(shape, channels, channels, 3) for _ in range(2))
    return nn.Sequential(first, nn.ReLU(), second)
