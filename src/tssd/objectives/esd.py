"""Enhanced self-distillation: branches without spikes, and only those that are right teach."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet
from tssd.objectives.base import Timesteps, named_places
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.hard_labels import classes_of
from tssd.objectives.own_layers import as_taken, where_the_weights_are
from tssd.objectives.precise import precise
from tssd.objectives.task import Spans, TaskCrossEntropy
from tssd.time import TimeFold, time_mean


class ReliableDistillation(TaskCrossEntropy):
    """sum_i CE(z_i, y) + b sum_i k^2 KL(softmax(q / k) || softmax(z_i / k)), a task loss.

    z_i are the logits of branches behind stages, and the network's own, the mean over T_t. q of a
    sample is the mean of the logits of those that are right about it, without gradient. Labels are
    a mean over samples; the divergences are one over those that some head is right about, 0 if
    there are none. A branch is layers without spikes on the mean spikes of its stage, and belongs
    to this term: the network is shipped without it.

    Args:
        distillation: b >= 0, the weight of the divergences beside the labels.
        taps: stages with a branch, by their indices; null = all but the last.
        temperature: k > 0, dimensionless.
        span: of the network's own mean that is labelled: the student's T_s steps, the teacher's
            T_t, or the average of both. Branches see T_t, and the divergence is of T_t.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        class_weights: one number a class, in the order of the labels; balanced = the rarer a class
            among the training samples, the more each of its samples counts; null = all alike.
        weight: factor of the term.
    Shapes: logits [T_t, N, K], taps {stage: [T_t, N, ...]}, target [N] or shares of classes [N, K],
        of which the largest is the one to be right about -> [].
    Raises: UsageError: distillation or temperature out of range, no place; when connected: a
        network without stages.
    Source: arXiv 2510.06254 (NeurIPS 2025), and its public code, which divides by T, and whose
        branches follow ResNet-18.
    """

    needs_taps = True

    def __init__(
        self,
        distillation: float = 0.3,
        *,
        taps: Sequence[int] | None = None,
        temperature: float = 3.0,
        span: Spans = "both",
        label_smoothing: float = 0.0,
        class_weights: Literal["balanced"] | list[float] | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__(
            span, label_smoothing=label_smoothing, class_weights=class_weights, weight=weight
        )
        if not 0 <= distillation < float("inf"):
            raise UsageError(f"distillation: got {distillation}, expected a finite number >= 0")
        self.distillation = distillation
        self.places = named_places(taps)
        self.distance = TemperatureKL(temperature)
        self.branches = nn.ModuleList()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Build the branches, where the network's weights are and of their type."""
        if not isinstance(net, StagedNet):
            raise UsageError(
                f"net: got {type(net).__name__}, but {type(self).__name__} builds branches behind "
                "the stages of a network of tssd (tssd.StagedNet); leave the term out"
            )
        named = range(len(net.stages) - 1) if self.places is None else self.places
        places = [*dict.fromkeys(map(net.resolve_tap, named))]
        made = [branch(net.shapes[tap:], net.num_classes) for tap in places]
        self.taps = tuple(places)
        self.branches = where_the_weights_are(nn.ModuleList(made), net)
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        if target.is_floating_point():  # which has to be of the logits' type
            target = target.to(out.logits.dtype)
        mean = time_mean(out.logits, self.timesteps.teacher)
        early = [
            self._of_branch(part, out.taps[tap]).to(mean.dtype)
            for part, tap in zip(self.branches, self.taps, strict=True)
        ]
        labels = self._cross_entropy(out.logits, target)
        for z in early:
            labels = labels + self._of_scores(z, target)
        return labels + self.distillation * self._distilled(torch.stack([*early, mean]), target)

    def _of_branch(self, part: nn.Module, spikes: Tensor) -> Tensor:
        """Logits [N, K] of the spikes [T, N, ...] of a stage."""
        rate = time_mean(precise(spikes), self.timesteps.teacher)
        return part(as_taken(rate, part).unsqueeze(0))[0]

    def _distilled(self, z: Tensor, target: Tensor) -> Tensor:
        """Sum over heads of the mean over taught samples of k^2 KL; z [heads, N, K] -> []."""
        classes = classes_of(target)
        right = (z.detach().argmax(-1) == classes).to(z.dtype).unsqueeze(-1)  # [heads, N, 1]
        own = z.detach()
        q = (right * own).sum(0) / right.sum(0).clamp_min(1)
        # Where none is right a head is compared with itself: 0, and no gradient.
        known = right.sum(0) > 0
        distance = self.distance(torch.where(known, z, own), torch.where(known, q, own))
        return len(z) * distance * known.numel() / known.sum().clamp_min(1)


def branch(shapes: tuple[tuple[int, ...], ...], num_classes: int) -> TimeFold:
    """What stands for the stages behind one: a separable block for each, a pool, a linear layer.

    Args:
        shapes: of one sample behind the stage and behind each later one: (C, H, W), or (F,), whose
            blocks are linear; (C, L) are maps of width 1.
        num_classes: K.
    Shapes: [T, N, *shapes[0]] -> logits [T, N, K].
    """
    layers: list[nn.Module] = []
    if len(shapes[0]) == 2:
        layers.append(nn.Unflatten(2, (shapes[0][1], 1)))
    for before, after in pairwise(shapes):
        c_in, c_out = before[0], after[0]
        if len(before) == 1:
            layers += [nn.Linear(c_in, c_out, bias=False), nn.BatchNorm1d(c_out), nn.ReLU()]
        else:
            layers.append(SeparableBlock(c_in, c_out, max(1, round(before[1] / after[1]))))
    if len(shapes[0]) > 1:
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return TimeFold(*layers, nn.Linear(shapes[-1][0], num_classes))


class SeparableBlock(nn.Module):
    """Residual block of a convolution of each channel by itself and one of all, with norms.

    Args:
        c_in: channels of the input.
        c_out: of the output.
        stride: by which maps shrink.
    Shapes: [N, c_in, H, W] -> [N, c_out, H/stride, W/stride], rounded up.
    """

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(c_in, c_in, 3, stride, padding=1, groups=c_in, bias=False),
            nn.BatchNorm2d(c_in),
            nn.ReLU(),
            nn.Conv2d(c_in, c_out, 1, bias=False),
            nn.BatchNorm2d(c_out),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features of x."""
        return (self.branch(x) + self.shortcut(x)).relu()
