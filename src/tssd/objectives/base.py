"""The contract of a training objective, and the timesteps that all objectives share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, Literal, Self

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, Tap
from tssd.whole import whole

# Far above what makes sense: no network is trained for so long.
MOST_TIMESTEPS = 100_000

# Whose mean over time an objective looks at: the student's first T_s steps or all T_t.
Span = Literal["student", "teacher"]

# What of the network's logits a task loss compares with the labels.
Labelled = Literal["means over time", "every timestep"]


def checked_span(span: Span) -> Span:
    """Whose mean it is. Raises: UsageError: neither the student's nor the teacher's."""
    if span not in ("student", "teacher"):
        raise UsageError(f"span: got {span!r}, expected student or teacher")
    return span


def named_places(
    taps: Sequence[Tap] | Tap | None, option: str = "taps", *, such_as: Tap = 1
) -> tuple[Tap, ...] | None:
    """Places as they are named, one or several; None = a default, which the network decides.

    Args:
        taps: as given.
        option: what it is called.
        such_as: an example of a place.
    Raises: UsageError: an empty list.
    """
    if taps is None:
        return None
    if isinstance(taps, str | int):
        return (taps,)
    if not taps:
        raise UsageError(f"{option}: got none, expected at least one place, such as [{such_as}]")
    return tuple(taps)


@dataclass(frozen=True)
class Timesteps:
    """How long the network runs.

    Args:
        student: timesteps T_s at inference.
        teacher: timesteps T_t in training, at least T_s; a vanilla network has T_t = T_s.
    Raises: UsageError: T_s < 1, T_t < T_s or more than 100,000.
    """

    student: int
    teacher: int

    def __post_init__(self) -> None:
        for name in ("student", "teacher"):
            value = whole(f"timesteps.{name}", getattr(self, name), 1, MOST_TIMESTEPS)
            object.__setattr__(self, name, value)
        if self.teacher < self.student:
            raise UsageError(
                f"timesteps.teacher: got {self.teacher}, expected at least "
                f"timesteps.student = {self.student}"
            )

    def of(self, span: Span) -> int:
        """T_s of the student, T_t of the teacher."""
        return self.student if span == "student" else self.teacher


class Objective(nn.Module):
    """One term of the loss, with one weight.

    Args:
        weight: factor of the term in the total, >= 0.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Raises: UsageError: a negative weight or ramp.
    """

    # Whether the term reads `out.exits`, the exits' logits.
    needs_exits = False
    # Whether it reads `out.membranes`, {module name: [T, N, ...]} before the reset, or `out.input`,
    # [T, N, ...]: `SelfDistillation.run` has them for terms that ask, and keeps them nowhere.
    needs_membranes = False
    needs_input = False
    # Whether it reads `out.taps`, the network's features at places of its own: once it is
    # connected, `taps` names them.
    needs_taps = False
    taps: tuple[Tap, ...] = ()
    # What a task loss labels, and None of any other term: two ways do not go together.
    labelled: ClassVar[Labelled | None] = None
    # Whether a task loss of means also compares timesteps with each other: then a rule can't give
    # it the mean of another run.
    compares_timesteps = False
    # Whether the term is the mean over timesteps of what it is for each of them alone: then a rule
    # that goes step by step (`tssd.rules`) may ask for it with the output [1, N, ...] of one.
    each_timestep = False

    @property
    def needs_class_counts(self) -> bool:
        """Whether the term waits for `learn_class_counts`."""
        return False

    def __init__(self, weight: float = 1.0, *, ramp_epochs: float = 0.0) -> None:
        super().__init__()
        if not (isinstance(weight, Real) and weight >= 0 and math.isfinite(weight)):
            raise UsageError(f"weight: got {weight!r}, expected a finite number >= 0")
        if not (ramp_epochs >= 0 and math.isfinite(ramp_epochs)):
            raise UsageError(f"ramp_epochs: got {ramp_epochs}, expected a finite number >= 0")
        self.weight = weight
        self.ramp_epochs = ramp_epochs
        # Until told otherwise, see `set_progress`, the weight is what it ends up as.
        self.current_weight = weight
        self._timesteps: Timesteps | None = None

    @property
    def timesteps(self) -> Timesteps:
        """The student's and the teacher's. Raises: UsageError: not connected yet."""
        if self._timesteps is None:
            raise UsageError(f"{type(self).__name__}: not connected; call connect(net, ...) first")
        return self._timesteps

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Learn what was unknown at construction; checks that the objective makes sense here."""
        self._timesteps = timesteps
        return self

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float] | None:
        """Learn how far training is: the weight follows `share`. See `tssd.progress`.

        Args:
            epoch: epochs trained so far, may be fractional.
            epochs: of the whole training.
        """
        self.current_weight = self.weight * self.share(epoch, epochs)
        return None

    def share(self, epoch: float, epochs: int) -> float:
        """Share of the weight at a point of training, 0 to 1: it ramps up, then it is 1."""
        return min(1.0, epoch / self.ramp_epochs) if self.ramp_epochs else 1.0

    def learn_class_counts(self, counts: Sequence[int]) -> None:
        """Learn how many training samples there are of each class, [K]; told before training."""

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """The unweighted term.

        Shapes: logits [T, N, K], target [N], or of mixed samples shares of classes [N, K] -> [].
        """
        raise NotImplementedError
