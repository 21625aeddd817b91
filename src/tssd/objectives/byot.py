"""Be your own teacher: the network's end teaches its exits, by its answers and by its features."""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.objectives.base import Objective, Span, Timesteps, checked_span, named_places
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.exits import EVERY_STAGE, places_of
from tssd.objectives.own_layers import applied, where_the_weights_are
from tssd.objectives.precise import precise
from tssd.time import TimeFold, time_mean


class ExitImitation(Objective):
    """k^2 KL(softmax(m / k) || softmax(w / k)), w and m the mean logits of exit and network.

    A mean over the exits. `SpatialDistillation` compares every timestep of an exit with m instead.

    Args:
        temperature: k > 0, dimensionless.
        span: means over the student's T_s steps, or the teacher's T_t.
        detach_teacher: whether m passes no gradient, as in the authors' code.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], exit logits alike, target unused -> [].
    Edge cases: 0 where the exits agree with the network.
    Raises: UsageError: an unknown span, or temperature <= 0.
    Source: Zhang et al. 2019, Be Your Own Teacher, arXiv 1905.08094. There it is a cross entropy of
        shares, with the same gradient.
    """

    needs_exits = True

    def __init__(
        self,
        temperature: float = 3.0,
        *,
        span: Span = "teacher",
        detach_teacher: bool = True,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.distance = TemperatureKL(temperature)
        self.span: Span = checked_span(span)
        self.detach_teacher = detach_teacher

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        steps = self.timesteps.of(self.span)
        mean = time_mean(out.logits, steps)
        mean = mean.detach() if self.detach_teacher else mean
        terms = [self.distance(time_mean(early, steps), mean) for early in out.exits.values()]
        return torch.stack(terms).mean()


class FeatureHints(Objective):
    """Sum over channels of (P(A(F_i)) - P(F))^2, a mean over places i.

    F_i and F are the mean spikes over T_t behind a stage on the way and behind the last one, whose
    F passes no gradient; P is the mean over the map. A is a pool to the size of F, a convolution
    1x1 to its channels, batch norm and ReLU; it belongs to this term, and the network is shipped
    without it.

    Args:
        taps: the places, stages' indices or modules' names; null = every stage but the last.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: taps {tap: [T_t, N, ...]}, target unused -> [].
    Raises: UsageError: no place; when connected: a network without stages, or features of a place
        that do not pool to the last stage's.
    Source: Zhang et al. 2019, arXiv 1905.08094, whose hints are taken inside of the exits, behind
        their bottlenecks and pools.
    """

    needs_taps = True

    def __init__(
        self,
        taps: Sequence[Tap] | None = None,
        *,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.places = named_places(taps) or (EVERY_STAGE,)
        self.adaptors = nn.ModuleList()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Build what adapts features, where the network's weights are and of their type."""
        if not isinstance(net, StagedNet):
            raise UsageError(
                f"net: got {type(net).__name__}, but {type(self).__name__} compares features with "
                "those of the last stage of a network of tssd (tssd.StagedNet); leave the term out"
            )
        last = net.resolve_tap(-1)
        places = tuple(dict.fromkeys(map(net.resolve_tap, places_of(self.places, net))))
        made = [adaptor(net.tap_shape(tap), net.tap_shape(last)) for tap in places]
        self.adaptors = where_the_weights_are(nn.ModuleList(made), net)
        self.taps = (*places, last)
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        steps = self.timesteps.teacher
        *on_the_way, last = [time_mean(precise(out.taps[tap]), steps) for tap in self.taps]
        end = pooled(last.detach())
        terms = [
            (pooled(applied(adapt, rate.unsqueeze(0))[0]) - end).square().sum(1).mean()
            for adapt, rate in zip(self.adaptors, on_the_way, strict=True)
        ]
        return torch.stack(terms).mean()


def pooled(features: Tensor) -> Tensor:
    """Means over the map. Shapes: [N, C, ...] -> [N, C]; [N, F] stays."""
    return features.flatten(2).mean(2) if features.dim() > 2 else features


def adaptor(shape: tuple[int, ...], to: tuple[int, ...]) -> TimeFold:
    """Features of one shape made comparable with those of another; not negative, as rates.

    Args:
        shape: of one sample, (C, H, W), (C, L) or (F,).
        to: of the same number of axes.
    Shapes: [T, N, *shape] -> [T, N, *to].
    Raises: UsageError: another number of axes.
    """
    if len(shape) != len(to):
        raise UsageError(
            f"taps: features {list(shape)} can't be compared with the last stage's {list(to)}, "
            "expected as many axes; name other places with taps"
        )
    if len(shape) == 1:
        made = [nn.Linear(shape[0], to[0], bias=False), nn.BatchNorm1d(to[0])]
    elif len(shape) == 2:
        conv = nn.Conv1d(shape[0], to[0], 1, bias=False)
        made = [nn.AdaptiveAvgPool1d(to[1]), conv, nn.BatchNorm1d(to[0])]
    else:
        conv = nn.Conv2d(shape[0], to[0], 1, bias=False)
        made = [nn.AdaptiveAvgPool2d(to[1:]), conv, nn.BatchNorm2d(to[0])]
    return TimeFold(*made, nn.ReLU())
