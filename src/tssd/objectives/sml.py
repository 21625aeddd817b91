"""Surrogate module learning: heads without spikes, on the way, bring the labels to the layers."""

from collections.abc import Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.objectives.base import Timesteps, named_places
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.own_layers import as_taken, where_the_weights_are
from tssd.objectives.task import Spans, TaskCrossEntropy, ends
from tssd.time import TimeFold, is_constant_in_time, time_mean

# Channels of a head's convolutions at most.
WIDEST = 256
# Their kernels and strides.
KERNELS = ((7, 2), (5, 2), (3, 1))


class SurrogateModuleLearning(TaskCrossEntropy):
    """(1 - m) (CE(z) + a sum_i CE(z_i)) / (1 + I a) + m/(2 I) sum_i (KL(z || z_i) + KL(z_i || z)).

    A task loss. z is the mean over time of the network's logits; z_i are those of I heads of
    ordinary layers, on the mean over time of the spikes at their places for images, on every
    timestep's for events. Either side of a KL is taught by the other, which passes no gradient.
    The heads belong to this term: the network is shipped without them.

    Args:
        taps: places of the heads: stages' indices or modules' names; null = the two stages before
            the last, or the middle of a network without stages.
        mutual: share m of the divergences, 0 to less than 1.
        head_weight: a, of the labels of each head.
        temperature: of the divergences, which are not multiplied by its square.
        span: z is the mean over the student's T_s steps, the teacher's T_t, or the average of the
            losses of both.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        class_weights: one number a class, in the order of the labels; balanced = the rarer a class
            among the training samples, the more each of its samples counts; null = all alike.
        weight: factor of the term; (1 + I a) / (1 - m) makes the labels of z count once, as they do
            in a cross entropy.
    Shapes: logits [T, N, K], taps {tap: [T, N, C, H, W]}, target [N] or shares [N, K] -> [].
    Raises: UsageError: mutual, head_weight or temperature out of range.
    Source: Deng et al. 2023 (ICML), and its public code. Heads here are as wide as the features,
        up to the 256 of the source, and a linear layer in front of a norm has no bias.
    """

    needs_taps = True
    needs_input = True

    def __init__(
        self,
        taps: Sequence[Tap] | None = None,
        *,
        mutual: float = 0.9,
        head_weight: float = 0.5,
        temperature: float = 3.0,
        span: Spans = "both",
        label_smoothing: float = 0.0,
        class_weights: Literal["balanced"] | list[float] | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__(
            span, label_smoothing=label_smoothing, class_weights=class_weights, weight=weight
        )
        if not 0 <= mutual < 1:
            raise UsageError(f"mutual: got {mutual}, expected a share from 0 to less than 1")
        if not 0 <= head_weight < float("inf"):
            raise UsageError(f"head_weight: got {head_weight}, expected a finite number >= 0")
        self.places = named_places(taps)
        self.mutual = mutual
        self.head_weight = head_weight
        self.distance = TemperatureKL(temperature)
        self.heads = nn.ModuleList()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Build the heads, where the network's weights are and of their type."""
        places = default_places(net) if self.places is None else self.places
        self.taps = tuple(dict.fromkeys(map(net.resolve_tap, places)))
        heads = [surrogate_head(net.tap_shape(tap), net.num_classes) for tap in self.taps]
        self.heads = where_the_weights_are(nn.ModuleList(heads), net)
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        if target.is_floating_point():  # which has to be of the logits' type
            target = target.to(out.logits.dtype)
        spans = ends(self.span, self.timesteps)
        assert out.input is not None  # the loss saw to it
        still = is_constant_in_time(out.input)
        heads = [
            self._of_head(head, out.taps[tap][: max(spans)], still=still).to(out.logits.dtype)
            for head, tap in zip(self.heads, self.taps, strict=True)
        ]
        terms = [self._of_means(time_mean(out.logits, t), heads, target) for t in spans]
        return torch.stack(terms).mean()

    def _of_head(self, head: nn.Module, features: Tensor, *, still: bool) -> Tensor:
        """Logits [N, K] of features [T, N, ...]."""
        features = as_taken(features, head)
        return head(features.mean(0, keepdim=True) if still else features).mean(0)

    def _of_means(self, z: Tensor, heads: Sequence[Tensor], target: Tensor) -> Tensor:
        labels = self._of_scores(z, target)
        labels = labels + self.head_weight * sum(self._of_scores(each, target) for each in heads)
        labels = labels / (1 + len(heads) * self.head_weight)
        # The distance is T^2 KL(teacher || student).
        both = [self.distance(each, z.detach()) + self.distance(z, each.detach()) for each in heads]
        alike = torch.stack(both).mean() / (2 * self.distance.temperature**2)
        return (1 - self.mutual) * labels + self.mutual * alike


def default_places(net: SpikingNet) -> tuple[Tap | None, ...]:
    """The two stages before the last, such as behind 4 and 6 of ResNet-18's 8 blocks."""
    if not isinstance(net, StagedNet):
        return (None,)
    last = len(net.stages) - 1
    return tuple(dict.fromkeys((max(0, last - 2), max(0, last - 1))))


def surrogate_head(shape: tuple[int, ...], num_classes: int) -> TimeFold:
    """Convolutions 7, 5 and 3, a pool to 2x2 and two linear layers, with norms; no spikes.

    Args:
        shape: of one sample's features: (C, H, W), (C, L) as maps of width 1, or (F,), which get
            the linear layers alone.
        num_classes: K.
    Shapes: [T, N, ...] -> logits [T, N, K].
    """
    c_in = shape[0]
    width = min(c_in, WIDEST)
    layers: list[nn.Module] = []
    features = c_in
    if len(shape) > 1:
        layers += [nn.Unflatten(2, (shape[1], 1))] if len(shape) == 2 else []
        layers += _convolution(c_in, width, 1, 1) if c_in > width else []
        for kernel, stride in KERNELS:
            layers += _convolution(width, width, kernel, stride)
        layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten()]
        features = 4 * width
    hidden = 2 * width
    return TimeFold(
        *layers,
        nn.Linear(features, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.LeakyReLU(),
        nn.Linear(hidden, num_classes),
    )


def _convolution(c_in: int, c_out: int, kernel: int, stride: int) -> list[nn.Module]:
    conv = nn.Conv2d(c_in, c_out, kernel, stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(c_out), nn.LeakyReLU()]
