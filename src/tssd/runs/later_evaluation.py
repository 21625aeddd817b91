"""evaluation.json: what `tssd evaluate` has found with a run since it was trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tssd.errors import DataError
from tssd.reading import read_json
from tssd.runs.results import EpochEvaluation
from tssd.runs.typed_json import read_as


@dataclass(frozen=True)
class Fingerprints:
    """Of the samples that were chosen, and of what they hold; None = not known."""

    split_hash: str | None = None
    content_hash: str | None = None


@dataclass(frozen=True, kw_only=True)
class LaterEvaluation(EpochEvaluation):
    """An evaluation of a run, on data that need not be those of its training.

    Args:
        split_hash: of the samples.
        content_hash: of what they hold; None = not looked at.
        data_of_training: whether they are, and are made, as in training; None = not known.
        trained_on: the fingerprints in training.
        unfinished: how far training was, such as "epoch 3 of 40"; None = finished.
    """

    split_hash: str | None = None
    content_hash: str | None = None
    data_of_training: bool | None = None
    trained_on: Fingerprints = Fingerprints()
    unfinished: str | None = None

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Content of the file, None without one. Raises: DataError: damaged, or none of ours."""
        try:
            return read_as(cls, read_json(path))
        except FileNotFoundError:
            return None
        except ValueError as error:
            told = f"{path}: {error}; expected what `tssd evaluate` writes"
            raise DataError(told) from None
