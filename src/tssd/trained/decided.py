"""The class of files at each T, and how sure of it; one unreadable file does not stop a folder."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tssd.errors import DataError, UsageError
from tssd.trained.files import RECORDINGS, Files
from tssd.trained.inputs import ALIKE, GivenInput, ImageInput
from tssd.trained.net import TrainedNet

log = logging.getLogger("tssd")

# Files at a time, which bounds the memory.
BATCH = 64


class Decided(NamedTuple):
    """A file's class at each T, and the confidence in it."""

    file: Path
    classes: list[str]
    confidences: list[float]


def suffixes(net: TrainedNet) -> frozenset[str]:
    """Of the files in a folder that a network can classify.

    Raises: UsageError: it takes no files, but samples of a Dataset.
    """
    if isinstance(net.transform, GivenInput):
        raise UsageError(
            "predict: got files, but the network takes samples as the Dataset of its training "
            f"gives them; from Python, {ALIKE}"
        )
    if not isinstance(net.transform, ImageInput):
        return RECORDINGS
    # Imported when it is needed: it takes seconds.
    from tssd.data.picture import EXTENSIONS

    return EXTENSIONS


def decide(net: TrainedNet, files: Files, timesteps: int) -> Iterator[Decided]:
    """Classify the files; those that are found in a folder and unreadable are counted and left out.

    Raises: DataError: a named file is unreadable, or all of those found are; logits that are not
        finite.
    """
    for start in range(0, len(files.named), BATCH):
        yield from _batch(net, files.named[start : start + BATCH], timesteps)
    sound = 0
    for start in range(0, len(files.found), BATCH):
        batch = files.found[start : start + BATCH]
        try:
            decided = list(_batch(net, batch, timesteps))
        except DataError:
            decided = [d for file in batch for d in _if_sound(net, file, timesteps, files)]
        sound += len(decided)
        yield from decided
    if files.found and not sound:
        raise DataError(f"{files.found[0].parent}: none of its {len(files.found)} files is sound")


def _batch(net: TrainedNet, files: Sequence[Path], timesteps: int) -> Iterator[Decided]:
    found = net.predict(list(files), timesteps)
    names, shares = zip(*found.names, strict=True), found.confidences.T.tolist()
    for file, classes, confidences in zip(files, names, shares, strict=True):
        yield Decided(file, list(classes), confidences)


def _if_sound(net: TrainedNet, file: Path, timesteps: int, files: Files) -> list[Decided]:
    try:
        return list(_batch(net, [file], timesteps))
    except DataError as error:
        if str(error).startswith("logits:"):
            raise
        log.warning("skipped: %s", error)
        files.skipped["unreadable files"] += 1
        return []
