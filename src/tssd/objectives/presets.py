"""The usual compositions by name: what a vanilla network, a control and TSSD mean here."""

from tssd.models.base import Tap
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.distance import EuclideanNorm
from tssd.objectives.exits import ExitPlan
from tssd.objectives.loss import SelfDistillation
from tssd.objectives.spatial import SpatialDistillation
from tssd.objectives.task import ExitCrossEntropy, TaskCrossEntropy
from tssd.objectives.temporal import TemporalDistillation


def vanilla(timesteps: int) -> SelfDistillation:
    """Task cross entropy alone, trained and run at the same number of timesteps."""
    return SelfDistillation({"task": TaskCrossEntropy()}, Timesteps(timesteps, timesteps))


def control(student: int = 2, teacher: int = 4) -> SelfDistillation:
    """The labels at T_s and T_t: `tssd` without its distillation, and without an exit."""
    return SelfDistillation({"task": TaskCrossEntropy()}, Timesteps(student, teacher))


def control_exit(student: int = 2, teacher: int = 4, *, tap: Tap | None = None) -> SelfDistillation:
    """The control with an exit that learns the labels too: `tssd` without its distillation.

    Args:
        student: timesteps T_s at inference.
        teacher: timesteps T_t in training, more than student.
        tap: see `tssd`.
    """
    terms: dict[str, Objective] = {"task": TaskCrossEntropy(), "exit_task": ExitCrossEntropy()}
    return SelfDistillation(terms, Timesteps(student, teacher), exits=_at(tap))


def tssd(
    student: int = 2,
    teacher: int = 4,
    *,
    tap: Tap | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
) -> SelfDistillation:
    """Temporal-spatial self-distillation with the defaults chosen by measurement (docs/adr).

    Args:
        student: timesteps T_s at inference.
        teacher: timesteps T_t in training, more than student.
        tap: where the exit stands: a stage's index or a module's name; None = the
            middle of the network.
        alpha: weight of the temporal term.
        beta: weight of the spatial term.
    """
    terms: dict[str, Objective] = {
        "task": TaskCrossEntropy(),
        "temporal": TemporalDistillation(weight=alpha),
        "spatial": SpatialDistillation(weight=beta),
        "exit_task": ExitCrossEntropy(),
    }
    return SelfDistillation(terms, Timesteps(student, teacher), exits=_at(tap))


def tssd_paper(
    student: int = 2,
    teacher: int = 4,
    *,
    tap: Tap | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    detach: bool = False,
) -> SelfDistillation:
    """The likely reading of the paper: mean squares, the labels once, none for the exit.

    Args:
        student: timesteps T_s at inference.
        teacher: timesteps T_t in training, more than student.
        tap: see `tssd`.
        alpha: weight of the temporal term.
        beta: weight of the spatial term.
        detach: whether teachers pass no gradient. Then the labels are at T_t, or nothing would
            train the steps after T_s; otherwise at T_s.
    """
    terms: dict[str, Objective] = {
        "task": TaskCrossEntropy("teacher" if detach else "student"),
        "temporal": TemporalDistillation(detach_teacher=detach, weight=alpha),
        "spatial": SpatialDistillation(detach_teacher=detach, weight=beta),
    }
    return SelfDistillation(terms, Timesteps(student, teacher), exits=_at(tap))


def tssd_euclidean(
    student: int = 2,
    teacher: int = 4,
    *,
    tap: Tap | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
) -> SelfDistillation:
    """Another reading: Euclidean norms, detached teachers, task on the student's mean.

    The printed formulas are lost. Kept for the record: in our measurements this reading hardly
    trains (docs/adr).
    """
    norm = EuclideanNorm()
    terms: dict[str, Objective] = {
        "task": TaskCrossEntropy("student"),
        "temporal": TemporalDistillation(norm, detach_teacher=True, weight=alpha),
        "spatial": SpatialDistillation(distance=norm, detach_teacher=True, weight=beta),
    }
    return SelfDistillation(terms, Timesteps(student, teacher), exits=_at(tap))


def _at(tap: Tap | None) -> ExitPlan:
    return ExitPlan(None if tap is None else [tap])
