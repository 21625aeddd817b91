"""results.json: what a run has come to. The one place that says what stands in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from tssd.runs.evaluation import LONGEST, Evaluation
from tssd.runs.training_cost import TrainingCost
from tssd.runs.typed_json import plain, read_as, shown

Epoch = Literal["best", "last"]

# What to do about a damaged results.json: the last epoch is evaluated again.
REPEAT = "delete it and --resume"


@dataclass(frozen=True)
class TrainedSteps:
    """The timesteps that a run was trained for.

    Args:
        student: T_s.
        teacher: T_t; None = not known.
    """

    student: int
    teacher: int | None = None


@dataclass(frozen=True)
class LengthChange:
    """Another number of epochs, given on resuming.

    Args:
        option: whose value changed.
        from_: its value before; None = it was not set.
        to: its value since.
        epochs_trained: how many there were by then.
    """

    option: str
    from_: int | None
    to: int
    epochs_trained: int


@dataclass(frozen=True)
class EarlyStop:
    """An end of training before the epochs that were planned.

    Args:
        planned: epochs.
        reason: why, in words.
    """

    planned: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class EpochEvaluation(Evaluation):
    """An evaluation on the test samples, with the weights of one epoch.

    Args:
        epoch: counted from 0; None = not recorded.
    """

    epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything in results.json; None, or what is empty, was not recorded.

    Args:
        description: what the recipe says of itself.
        seed: of the run.
        timesteps: that it was trained for.
        dataset: its name.
        split_hash: of the samples that were chosen.
        content_hash: of what they hold.
        split_sizes: number of samples of train, val and test.
        parameters: of the network.
        epochs: that were trained.
        changes: of that number on the way.
        stopped: before as many were trained as planned; None = they all were.
        train_seconds: all sessions together, validation included.
        training: what it took besides.
        selected: the epoch that counts; before there was a choice the best did.
        selected_because: why.
        best: the best epoch on the validation samples; without any, the last.
        last: the last epoch; of the first versions no more than its accuracy.
        sha256: of the exported weights, by the names of their files.
    """

    description: str | None = None
    seed: int
    timesteps: TrainedSteps
    dataset: str | None = None
    split_hash: str
    content_hash: str | None = None
    split_sizes: dict[str, int] | None = None
    parameters: int | None = None
    epochs: int | None = None
    changes: tuple[LengthChange, ...] = ()
    stopped: EarlyStop | None = None
    train_seconds: float | None = None
    training: TrainingCost = TrainingCost()
    selected: Epoch = "best"
    selected_because: str | None = None
    best: EpochEvaluation
    last: EpochEvaluation
    sha256: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: object) -> Self:
        """What a file holds.

        Raises: ValueError: why it is not what a run writes, in one line. NotFiniteError: an
            accuracy is not finite.
        """
        if not isinstance(content, Mapping):
            raise ValueError("it holds no mapping")
        found = read_as(cls, content)
        if found.best.samples < 1:
            raise ValueError("best.samples is 0, expected at least 1")
        if not 1 <= found.timesteps.student <= LONGEST:
            student = shown(found.timesteps.student)
            raise ValueError(f"timesteps.student is {student}, expected 1 to {LONGEST}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return plain(self)

    def evaluated(self, epoch: Epoch | None = None) -> EpochEvaluation:
        """What was found with the weights of an epoch; None = of the one that counts."""
        return self.last if (epoch or self.selected) == "last" else self.best

    @property
    def planned(self) -> int | None:
        """Epochs that the training was to have; None = not recorded."""
        return self.stopped.planned if self.stopped else self.epochs

    @property
    def validation_samples(self) -> int | None:
        """How many there were to choose an epoch by; None = not recorded."""
        return (self.split_sizes or {}).get("val")
