"""Teachers of a run: whether they fit its data, whether they are still the same, what they took."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tssd.data.given import GivenData
from tssd.errors import DataError, TssdError
from tssd.hub.locate import located
from tssd.objectives import Frozen
from tssd.runs.folder import RunFolder
from tssd.runs.training_cost import TeacherCost, forward_operations
from tssd.training.parts import Parts


def introduce(parts: Parts) -> None:
    """Tell all teachers what the run is trained on.

    Raises: UsageError: one does not fit. DataError: one is not there.
    """
    data = parts.data
    # That they are used as they are does not say that they are not normalised.
    given = isinstance(data, GivenData)
    for name, teacher in parts.criterion.teachers.items():
        with named_after(name):
            teacher.fit_to(
                class_names=data.class_names,
                sample_shape=data.sample_shape,
                mean=None if given else data.mean,
                std=None if given else data.std,
            )


@contextmanager
def named_after(teacher: str) -> Iterator[None]:
    """Inside, what is refused names the option of a teacher, by TERM.ATTRIBUTE."""
    try:
        yield
    except TssdError as error:
        raise type(error)(f"objectives.{teacher}.{error}") from error


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


def costs(parts: Parts, *, epochs: int) -> dict[str, TeacherCost]:
    """What the teachers took that are runs, by TERM.ATTRIBUTE.

    Args:
        parts: of the student.
        epochs: that it was trained for.
    """
    samples = parts.data.split_sizes["train"]
    return {
        name: _cost(teacher, samples * epochs)
        for name, teacher in parts.criterion.teachers.items()
        if teacher.run is not None
    }


def _cost(teacher: Frozen, answered: int) -> TeacherCost:
    """Of a teacher that has answered for so many samples."""
    run = RunFolder(located(f"{teacher.run}"))
    if not run.is_finished:  # of a run that is not finished, nothing is known
        return TeacherCost(f"{teacher.run}")
    results = run.read_results()
    found, training = results.evaluated(), results.training
    steps = teacher.timesteps or 1
    forward = forward_operations(found, network_steps=steps)
    at = min(results.timesteps.student, len(found.accuracy)) - 1
    return TeacherCost(
        run=f"{teacher.run}",
        accuracy=found.accuracy[at],
        network_steps=training.network_steps,
        operations=training.operations,
        seconds=training.seconds,
        answers=None if forward is None else forward * answered,
    )
