"""recalibrated.json: a run evaluated at each T with batch norm recalibrated at that T."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Self

from tssd.errors import DataError
from tssd.reading import read_json
from tssd.runs.evaluation import PerT, shares
from tssd.runs.results import EpochEvaluation
from tssd.runs.typed_json import plain, read_as

# Training samples that statistics are of, unless told otherwise; all, where there are fewer.
SAMPLES = 2000


@dataclass(frozen=True, kw_only=True)
class Recalibration:
    """What a run does with other statistics. Tuples have an entry for each T = 1..timesteps.

    Args:
        epoch: whose weights, counted from 0; None = not known.
        samples: number of test samples.
        training_samples: number of training samples that the statistics are of.
        accuracy: share of right decisions of the mean logits, 0 to 1.
        nll: mean cross entropy in nats.
        calibration_error: expected calibration error over 15 equal-width bins, 0 to 1.
        exits: accuracy of each exit.
        split_hash: of the samples.
        content_hash: of what they hold; None = not looked at.
    """

    epoch: int | None = None
    samples: int = 0
    training_samples: int = 0
    accuracy: Annotated[PerT, shares]
    nll: PerT = ()
    calibration_error: PerT = ()
    exits: dict[str, PerT] = field(default_factory=dict)
    split_hash: str | None = None
    content_hash: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return plain(self)

    def is_of(self, evaluation: EpochEvaluation, split_hash: str) -> bool:
        """Whether it belongs beside an evaluation of the run: same weights, same samples, all T."""
        return (
            (self.epoch, self.samples, self.split_hash)
            == (evaluation.epoch, evaluation.samples, split_hash)
        ) and len(self.accuracy) >= len(evaluation.accuracy)

    def holds(self, other: "Recalibration") -> bool:
        """Whether another one says nothing but what this one says at its first T."""
        count = len(other.accuracy)
        exits = {name: curve[:count] for name, curve in self.exits.items()}
        cut = {name: getattr(self, name)[:count] for name in ("accuracy", "nll")}
        error = self.calibration_error[:count]
        return replace(self, **cut, calibration_error=error, exits=exits) == other


@dataclass(frozen=True)
class Recalibrations:
    """Everything in recalibrated.json.

    Args:
        evaluations: one for each epoch whose weights were recalibrated.
    """

    evaluations: tuple[Recalibration, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Content of the file, empty without one. Raises: DataError: damaged, or none of ours."""
        try:
            return read_as(cls, read_json(path))
        except FileNotFoundError:
            return cls()
        except ValueError as error:
            told = f"{path}: {error}; expected what `tssd evaluate --recalibrate` writes; delete it"
            raise DataError(told) from None

    def of(self, evaluation: EpochEvaluation, split_hash: str) -> Recalibration | None:
        """What belongs beside an evaluation of the run; None = nothing does."""
        found = (own for own in self.evaluations if own.is_of(evaluation, split_hash))
        return next(found, None)

    def having(self, recalibration: Recalibration) -> Self:
        """The same with another one, in the place of one with the same weights.

        Nothing changes where that one says the same, and more: it is at further T, too.
        """
        if any(own.holds(recalibration) for own in self.evaluations):
            return self
        kept = [own for own in self.evaluations if own.epoch != recalibration.epoch]
        return type(self)((*kept, recalibration))

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return plain(self)
