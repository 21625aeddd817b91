"""Teachers of a run: whether they fit its data, and whether they are still the same."""

from collections.abc import Mapping

from tssd.errors import DataError, TssdError
from tssd.training.parts import Parts


def introduce(parts: Parts) -> None:
    """Tell all teachers what the run is trained on.

    Raises: UsageError: one does not fit. DataError: one is not there.
    """
    data = parts.data
    for name, teacher in parts.criterion.teachers.items():
        try:
            teacher.fit_to(
                class_names=data.class_names,
                sample_shape=data.sample_shape,
                mean=data.mean,
                std=data.std,
            )
        except TssdError as error:
            raise type(error)(f"objectives.{name}.{error}") from error


def fingerprints(parts: Parts) -> dict[str, str]:
    """Of all teachers, by the name of the option."""
    return {name: teacher.fingerprint() for name, teacher in parts.criterion.teachers.items()}


def refuse_others(where: object, noted: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Compare teachers with those that a run began with.

    Args:
        where: the run folder, for the message.
        noted: fingerprints of the beginning; what is not among them passes.
        now: fingerprints of this moment.
    Raises: DataError: one has changed.
    """
    for name, found in now.items():
        if (before := noted.get(name)) not in (None, found):
            raise DataError(
                f"{where}: the teacher has changed since this run began: objectives.{name} was "
                f"{before}, now it is {found}; put it back as it was, or train into another "
                "--output"
            )
