"""Feature distillation as in KDSNN: aligned mean spikes near a teacher's features."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, Tap
from tssd.objectives.base import Span, Timesteps
from tssd.objectives.own_layers import applied, where_the_weights_are
from tssd.objectives.taught_features import (
    TaughtFeatures,
    convolution,
    norm,
)
from tssd.time import told_of_one_sample


class FeatureDistillation(TaughtFeatures):
    """Sum over places l of || r_l(F_l) - A_l ||^2, a sum over elements and a mean over samples.

    F_l is the mean over time of the network's features, A_l the teacher's, r_l a 1x1 convolution
    and batch norm, which belong to this term: the network is shipped without them. A
    reconstruction: the paper's code is not public.

    Args:
        teacher: any network of tssd, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        taps: the places, stages' indices or modules' names; null = the last stage.
        teacher_taps: the teacher's, one for each; null = those of the same name.
        channels: of the teacher's features, one number for each place; null = the network's own.
        normed: whether r_l ends in batch norm.
        span: F_l is the mean over the student's T_s steps, or the teacher's T_t.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: taps {tap: [T, N, ...]}, input [T, N, ...], target unused -> [].
    Raises: UsageError: channels that are none, or as `TaughtFeatures`; when called: the teacher's
        features have another shape.
    Source: Xu et al. 2023, arXiv 2304.05627, KDSNN; sum, place and weight after the code of BKDSNN.
    """

    def __init__(
        self,
        teacher: nn.Module,
        *,
        taps: Sequence[Tap] | None = None,
        teacher_taps: Sequence[Tap] | None = None,
        channels: Sequence[int] | None = None,
        normed: bool = True,
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
        self.channels = checked_channels(channels)
        self.normed = normed
        self.aligned = nn.ModuleList()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Build the alignments, where the network's weights are and of their type."""
        super().connect(net, timesteps)
        shapes = [net.tap_shape(tap) for tap in self.taps]
        wanted = channels_of(self.channels, shapes)
        made = [self._alignment(s, c) for s, c in zip(shapes, wanted, strict=True)]
        self.aligned = nn.ModuleList(made)
        where_the_weights_are(self.aligned, net)
        return self

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        terms = []
        for place, (own, taught) in enumerate(self.pairs(out)):
            with told_of_one_sample(len(own)):
                own = applied(self.aligned[place], own)
            self.check_alike(place, own, taught, remedy=REMEDY)
            terms.append((own - taught).square().sum() / len(own))
        return torch.stack(terms).sum()

    def _alignment(self, shape: tuple[int, ...], channels: int) -> nn.Module:
        layer = convolution(shape, shape[0], channels, 1, bias=not self.normed)
        return nn.Sequential(layer, *([norm(shape, channels)] if self.normed else []))


REMEDY = (
    "say how many channels the teacher's have (channels), and take places of the same size "
    "(teacher_taps)"
)


def checked_channels(channels: Iterable[int] | int | None) -> tuple[int, ...] | None:
    """Numbers of channels as given, one or several. Raises: UsageError: one is not >= 1."""
    if channels is None:
        return None
    given = [*channels] if isinstance(channels, Iterable) else [channels]
    if not (given and all(isinstance(c, Integral) and int(c) >= 1 for c in given)):
        raise UsageError(f"channels: got {given}, expected whole numbers >= 1, or null")
    return tuple(map(int, given))


def channels_of(
    channels: Sequence[int] | None, shapes: Sequence[tuple[int, ...]]
) -> tuple[int, ...]:
    """Channels of the teacher's features at each place; those of the network where none are told.

    Raises: UsageError: not one number for each place.
    """
    if channels is None:
        return tuple(shape[0] for shape in shapes)
    if len(channels) != len(shapes):
        raise UsageError(
            f"channels: got {[*channels]}, expected one number for each of {len(shapes)} places"
        )
    return tuple(channels)
