"""Joint A-SNN: an ANN learns along with the network, with the same singular vectors."""

import copy
from collections.abc import Sequence
from typing import Literal, Self, cast

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.models.factored import FactoredConv2d
from tssd.models.flow import has_threshold
from tssd.neurons import Neuron
from tssd.neurons.foreign import state_keepers
from tssd.objectives.base import Span, Timesteps, checked_span, named_places
from tssd.objectives.borrowed import Borrowed
from tssd.objectives.byot import adaptor, pooled
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.exits import EVERY_STAGE, places_of
from tssd.objectives.own_layers import applied, where_the_weights_are
from tssd.objectives.precise import precise
from tssd.objectives.task import TaskCrossEntropy
from tssd.time import is_constant_in_time


class JointANN(TaskCrossEntropy):
    """(1 - a) sum_h [CE(z_h) + CE(y_h)] + a (sum_h KL(y_h || z_h) + sum_h KL(y || y_h)) + b D.

    A task loss. The ANN is a copy of the network with ReLU in the place of neurons, on the mean of
    the input over time. A convolution of it has the singular vectors of the network's, which both
    train, and singular values, norms and a last layer of its own. z_h and y_h are logits of network
    and ANN at heads h on the way and at the end, z and y those at the end. KL(teacher || student)
    is at temperature k, times k^2; D is the squared distance of the network's from the ANN's
    features at the heads, means over the map, summed where either is positive, a mean over
    samples. A teacher passes no gradient. ANN and heads belong to this term: the network is
    shipped without them.

    Args:
        taps: places of the heads, stages' indices; null = every stage but the last.
        imitation: share a of the divergences, 0 to less than 1.
        temperature: k > 0.
        feature_weight: b, of the distance D of a sample.
        summed: whether z_h and the network's features are sums over time, as in the source; false
            = means, by which the network decides.
        span: they are over the student's T_s steps, or the teacher's T_t.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        class_weights: one number a class, in the order of the labels; balanced = the rarer a class
            among the training samples, the more each of its samples counts; null = all alike.
        weight: factor of the term; 1 / (1 - a) makes the labels of z count once, as they do in a
            cross entropy.
    Shapes: logits [T, N, K], taps {tap: [T, N, ...]}, target [N] or shares [N, K] -> [].
    Raises: UsageError: an option out of range; when connected: a network that is none of tssd's, or
        whose convolutions have no singular values of their own.
    Source: Guo et al. 2023, Joint A-SNN, Pattern Recognition, and its public code, which sums D
        over samples (1e-6 of a batch of 1024). Heads here are a pool, a convolution 1x1, batch norm
        and ReLU, to the size of the last stage, and a linear layer on their mean over the map.
    """

    needs_taps = True
    needs_input = True

    def __init__(
        self,
        taps: Sequence[Tap] | None = None,
        *,
        imitation: float = 0.1,
        temperature: float = 3.0,
        feature_weight: float = 1e-3,
        summed: bool = True,
        span: Span = "student",
        label_smoothing: float = 0.0,
        class_weights: Literal["balanced"] | list[float] | None = None,
        weight: float = 1.0,
    ) -> None:
        span = checked_span(span)
        super().__init__(
            span, label_smoothing=label_smoothing, class_weights=class_weights, weight=weight
        )
        if not 0 <= imitation < 1:
            raise UsageError(f"imitation: got {imitation}, expected a share from 0 to less than 1")
        if not 0 <= feature_weight < float("inf"):
            raise UsageError(f"feature_weight: got {feature_weight}, expected a finite number >= 0")
        self.places = named_places(taps) or (EVERY_STAGE,)
        self.imitation = imitation
        self.distance = TemperatureKL(temperature)
        self.feature_weight = feature_weight
        self.summed = summed
        self.ann: nn.Module | None = None
        self.adaptors, self.heads = nn.ModuleDict(), nn.ModuleDict()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Build ANN and heads, where the network's weights are and of their type."""
        self.ann = ann_of(net)
        last = cast(int, net.resolve_tap(-1))
        on_the_way = dict.fromkeys(map(net.resolve_tap, places_of(self.places, net)))
        on_the_way.pop(last, None)
        shape = net.tap_shape(last)
        for of in ("network", "ann"):
            made = [adaptor(net.tap_shape(tap), shape) for tap in on_the_way]
            heads = [nn.Linear(shape[0], net.num_classes) for _ in on_the_way]
            self.adaptors[of] = where_the_weights_are(nn.ModuleList(made), net)
            self.heads[of] = where_the_weights_are(nn.ModuleList(heads), net)
        self.taps = (*on_the_way, last)
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        if target.is_floating_point():  # which has to be of the logits' type
            target = target.to(out.logits.dtype)
        assert out.input is not None and self.ann is not None  # the loss saw to it
        x = out.input
        still = x[:1] if is_constant_in_time(x) else x.mean(0, keepdim=True)
        taught = self.ann(still, self.taps)
        own, own_features = self._heads(out, "network")
        ann, ann_features = self._heads(taught, "ann")
        labels = sum(self._of_scores(scores, target) for scores in (*own, *ann))
        taught_by = [*zip(own, ann, strict=True), *((each, ann[-1]) for each in ann[:-1])]
        alike = sum(self.distance(student, teacher.detach()) for student, teacher in taught_by)
        pairs = zip(own_features, ann_features, strict=True)
        far = sum(masked_distance(f, of_ann.detach()) for f, of_ann in pairs)
        total = (1 - self.imitation) * labels + self.imitation * alike + self.feature_weight * far
        return cast(Tensor, total)

    def _heads(self, out: NetOutput, of: str) -> tuple[list[Tensor], list[Tensor]]:
        """Logits [N, K] and features [N, C] at all heads, the end last."""
        steps = self.timesteps.of(cast(Span, self.span)) if of == "network" else 1

        def over_time(values: Tensor) -> Tensor:
            values = precise(values[:steps])
            return values.sum(0) if self.summed else values.mean(0)

        *on_the_way, last = [over_time(out.taps[tap]) for tap in self.taps]
        adaptors, heads = (cast(nn.ModuleList, part[of]) for part in (self.adaptors, self.heads))
        features = [
            pooled(applied(adapt, each.unsqueeze(0))[0])
            for adapt, each in zip(adaptors, on_the_way, strict=True)
        ]
        logits = [applied(head, each) for head, each in zip(heads, features, strict=True)]
        return [*logits, over_time(out.logits)], [*features, pooled(last)]


def masked_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Sum of squared differences where either is positive, a mean over samples.

    Shapes: [N, ...] twice -> [].
    """
    positive = (student > 0) | (teacher > 0)
    return ((student - teacher).square() * positive).sum() / len(student)


def ann_of(net: object) -> nn.Module:
    """The ANN that shares singular vectors with a network.

    Args:
        net: a StagedNet whose convolutions are factored; the ANN looks at them as they are then.
    Raises: UsageError: another network, or none of its convolutions is.
    """
    if not isinstance(net, StagedNet):
        raise UsageError(
            f"net: JointANN knows networks of tssd, whose neurons it can take out, but got "
            f"{type(net).__name__}; use kdsnn, whose teacher is a run of its own"
        )
    if not any(isinstance(part, FactoredConv2d) for part in net.modules()):
        raise UsageError(
            "net: JointANN shares singular vectors, and no convolution here has any; add --weights "
            "tssd.models.FactoredWeights, or take the part jointasnn, which does both"
        )
    ann = copy.deepcopy(net)
    _as_ann(ann, net)
    return ann


class _SharedConv2d(nn.Module):
    """A convolution with another one's singular vectors, and values of its own."""

    def __init__(self, of: FactoredConv2d) -> None:
        super().__init__()
        # No part of this one: it is trained and saved as the network's.
        self._of = Borrowed([of])
        self.scale = nn.Parameter(of.scale.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        (of,) = self._of
        return cast(FactoredConv2d, of).convolve(x, self.scale)


def _as_ann(module: nn.Module, of: nn.Module) -> None:
    """Replace neurons and convolutions inside of a copy."""
    for name, child in module.named_children():
        original = of.get_submodule(name)
        if _fires(child):
            module._modules[name] = nn.ReLU()
        elif isinstance(original, FactoredConv2d):
            module._modules[name] = _SharedConv2d(original)
        else:
            _as_ann(child, original)


def _fires(part: nn.Module) -> bool:
    """Whether it is a neuron, of tssd or of another library."""
    foreign = any(keeper is part for _, keeper, _ in state_keepers(part))
    return isinstance(part, Neuron) or (foreign and has_threshold(part))
