"""Cross entropy on labels, for the network and for its exit."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.objectives.base import Labelled, Objective, Timesteps
from tssd.time import time_mean

Spans = Literal["student", "teacher", "both"]


def ends(span: Spans, timesteps: Timesteps) -> tuple[int, ...]:
    """The T of each mean; student and teacher coincide in a vanilla network.

    Raises: UsageError: an unknown span.
    """
    known = {
        "student": (timesteps.student,),
        "teacher": (timesteps.teacher,),
        "both": (timesteps.student, timesteps.teacher),
    }
    if span not in known:
        raise UsageError(f"span: got {span!r}, expected one of {', '.join(known)}")
    return tuple(dict.fromkeys(known[span]))


def balanced(counts: Sequence[int]) -> list[float]:
    """Weights by which every class that has samples counts as much as any other, mean 1 a sample.

    Args:
        counts: samples of each class; one without any weighs 1.
    Source: King and Zeng 2001; scikit-learn's class_weight="balanced".

    >>> balanced([30, 10])
    [0.6666666666666666, 2.0]
    """
    there = sum(count > 0 for count in counts)
    return [sum(counts) / (there * count) if count else 1.0 for count in counts]


class TaskCrossEntropy(Objective):
    """CE(mean over time of the logits, y), averaged over the means that are asked for.

    With weights of classes it is the mean over the samples of weight x cross entropy, and not
    divided by the sum of the weights: a sample counts the same in whatever batch it is.

    Args:
        span: mean over the student's T_s steps, the teacher's T_t steps, or the average of the
            cross entropies of both.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        class_weights: one number a class, in the order of the labels; balanced = the rarer a class
            among the training samples, the more each of its samples counts; null = all alike.
        weight: factor of the term.
    Shapes: logits [T, N, K], target [N] or shares of classes [N, K] -> [].
    Source: TSSD, arXiv 2406.07862, eq. 5, which leaves open which T the mean runs over.
    """

    labelled: ClassVar[Labelled | None] = "means over time"

    def __init__(
        self,
        span: Spans = "both",
        *,
        label_smoothing: float = 0.0,
        class_weights: Literal["balanced"] | list[float] | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__(weight)
        ends(span, Timesteps(1, 1))
        self.span: Spans = span
        if not 0 <= label_smoothing < 1:
            raise UsageError(
                f"label_smoothing: got {label_smoothing}, expected 0 <= label_smoothing < 1; "
                "at 1 the labels would not count"
            )
        self.label_smoothing = label_smoothing
        if hasattr(class_weights, "tolist"):  # an array, as scikit-learn computes them, or a tensor
            class_weights = class_weights.tolist()  # pyright: ignore
        self.class_weights: Literal["balanced"] | list[float] | None = class_weights
        self._num_classes: int | None = None  # until connected
        # [K], once it is known; in no state_dict, since it belongs to the recipe and the data.
        self._of_class: Tensor | None
        self.register_buffer("_of_class", None, persistent=False)
        if class_weights not in ("balanced", None):
            self._weigh(_checked(class_weights))

    @property
    def needs_class_counts(self) -> bool:
        """Whether the term waits for `learn_class_counts`."""
        return self.class_weights == "balanced"

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Refuse weights of another number than the network's classes."""
        known, self._num_classes = self._of_class, net.num_classes
        if known is not None and len(known) != net.num_classes:
            raise UsageError(
                f"class_weights: got {len(known)} numbers, expected one for each of the "
                f"{net.num_classes} classes; balanced takes them from the data"
            )
        return super().connect(net, timesteps)

    def learn_class_counts(self, counts: Sequence[int]) -> None:
        """Learn how many training samples there are of each class, [K]; told before training.

        Raises: UsageError: of another number of classes than the network's.
        """
        if not self.needs_class_counts:
            return
        if self._num_classes not in (None, len(counts)):
            raise UsageError(
                f"class_weights: got counts of {len(counts)} classes, expected one for each of the "
                f"{self._num_classes} classes; count those without samples, too, as 0"
            )
        self._weigh(balanced(counts))

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        return self._cross_entropy(out.logits, target)

    def _cross_entropy(self, logits: Tensor, target: Tensor) -> Tensor:
        if target.is_floating_point():  # which has to be of the logits' type
            target = target.to(logits.dtype)
        terms = [
            self._of_scores(time_mean(logits, t), target) for t in ends(self.span, self.timesteps)
        ]
        return sum(terms[1:], terms[0]) / len(terms)

    def _of_scores(self, scores: Tensor, target: Tensor) -> Tensor:
        if self.class_weights is None:
            return F.cross_entropy(scores, target, label_smoothing=self.label_smoothing)
        if self._of_class is None:
            raise UsageError(
                "class_weights: balanced needs the number of samples of each class; call "
                "criterion.learn_class_counts(lambda: [...]) before training, or give a list of "
                "weights"
            )
        weights = self._of_class.to(scores)
        smoothing = self.label_smoothing
        return F.cross_entropy(
            scores, target, weight=weights, label_smoothing=smoothing, reduction="none"
        ).mean()

    def _weigh(self, weights: Sequence[float]) -> None:
        self._of_class = torch.tensor(weights, dtype=torch.float32)


class ExitCrossEntropy(TaskCrossEntropy):
    """The same on the exits, so that they learn the labels and not only to agree.

    Args:
        span: mean over the student's T_s steps, the teacher's T_t steps, or the average of the
            cross entropies of both.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        class_weights: as those of the task; null = all classes alike.
        weight: factor of the term.
    Shapes: exit logits [T, N, K] each, target [N] or shares [N, K] -> [], a mean over the exits.
    Source: ours; the paper trains the exit by distillation alone.
    """

    needs_exits = True
    labelled: ClassVar[Labelled | None] = None  # of other logits than the network's

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        terms = [self._cross_entropy(early, target) for early in out.exits.values()]
        return torch.stack(terms).mean()


def _checked(weights: object) -> list[float]:
    """Weights as given. Raises: UsageError: none, one that is negative or no number, or all 0."""
    remedy = "expected balanced, or one number of 0 or more for each class, not all 0"
    if not isinstance(weights, list | tuple) or not weights:
        raise UsageError(f"class_weights: got {weights!r}, {remedy}")
    for value in weights:
        right = isinstance(value, Real) and not isinstance(value, bool)
        if not (right and 0 <= float(value) < math.inf):
            raise UsageError(f"class_weights: got {value!r}, {remedy}")
    if not any(weights):
        raise UsageError(f"class_weights: got zeros, {remedy}")
    return [float(value) for value in weights]
