"""A simulated CIFAR10-DVS in the layout of the original: ten folders or zips of AEDAT 2.0 files."""

import logging
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tssd.atomic import replacing
from tssd.errors import UsageError
from tssd.events.datasets.cifar10dvs import ARCHIVES
from tssd.events.formats.aedat2 import write_aedat2
from tssd.simulate.datasets.note import claimed, note
from tssd.simulate.datasets.workers import run_all
from tssd.simulate.setup import Setup

# In the order of CIFAR-10, which is the alphabet's.
CIFAR10_CLASSES = tuple(ARCHIVES)

# Bytes a millisecond of recording, the mean over CIFAR-10 images with the default camera and
# movement; only to say beforehand about how much will be written.
BYTES_PER_MS = 1350
# What the fastest level of deflate leaves of it.
ZIPPED_SHARE = 0.6

Images = Sequence[NDArray[np.uint8]]

log = logging.getLogger("tssd")


@dataclass(frozen=True)
class _Task:
    """One recording: `number` is its place in the data set."""

    setup: Setup
    image: NDArray[np.uint8]
    number: int
    path: Path


def write_cifar10dvs(
    images: Mapping[str, Images],
    folder: Path,
    *,
    setup: Setup | None = None,
    source: str = "",
    zipped: bool = False,
    processes: int | None = None,
) -> int:
    """Record images and write them as <class>/cifar10_<class>_<n>.aedat, n from 0.

    Finished files of an interrupted run are kept. A recording depends on its class, n and the
    parameters, not on what else is written.

    Args:
        images: uint8 images [H, W] or [3, H, W] of each class, by the names of CIFAR-10.
        folder: An empty folder, or one that the same call began; a note is put into it.
        setup: Camera, movement, monitor, duration and seed; None for the usual ones.
        source: Which images they are, for the note.
        zipped: Write <class>.zip as downloaded, instead of folders.
        processes: How many work at once; None for one a core.

    Returns:
        The number of recordings written now.

    Raises:
        UsageError: A class that CIFAR-10 does not have.
        DataError: The folder holds something else, or cannot be written.
    """
    unknown = [name for name in images if name not in CIFAR10_CLASSES]
    if unknown:
        raise UsageError(
            f"class {unknown[0]!r} is none of CIFAR-10's: expected {', '.join(CIFAR10_CLASSES)}"
        )
    setup = setup or Setup()
    folder = Path(folder)
    counts = {name: len(images[name]) for name in CIFAR10_CLASSES if name in images}
    parameters = {"source": source, "zipped": zipped, "samples": counts, **setup.description()}
    text = note("CIFAR10-DVS", parameters)
    with claimed(folder, text) as scratch:
        if zipped:
            missing = {
                name: range(count)
                for name, count in counts.items()
                if not (folder / f"{name}.zip").exists()
            }
        else:
            missing = {
                name: [n for n in range(count) if not (folder / member(name, n)).exists()]
                for name, count in counts.items()
            }
        total = sum(map(len, missing.values()))
        _announce(total, setup, folder, share=ZIPPED_SHARE if zipped else 1.0)
        place = scratch if zipped else folder
        for name in missing:
            (place / name).mkdir(exist_ok=True)
        tasks = (
            _Task(setup, images[name][n], number(name, n), place / member(name, n))
            for name, wanted in missing.items()
            for n in wanted
        )
        recorded = run_all(_record, tasks, total=total, title="Simulating", processes=processes)
        # Closed whatever happens, so that no process works on after an error.
        with closing(recorded) as done:
            if zipped:
                for name, wanted in missing.items():
                    _zip_class(folder / f"{name}.zip", name, len(wanted), files=done, text=text)
            for _ in done:
                pass
    return total


def member(name: str, n: int) -> str:
    """Path of recording n of a class below the data set's folder, or in its zip."""
    return f"{name}/cifar10_{name}_{n}.aedat"


def number(name: str, n: int) -> int:
    """Place of recording n of a class in the data set, whatever else that holds."""
    return n * len(CIFAR10_CLASSES) + CIFAR10_CLASSES.index(name)


def _record(task: _Task) -> Path:
    write_aedat2(task.path, task.setup.record(task.image, task.number))
    return task.path


def _zip_class(path: Path, name: str, count: int, *, files: Iterator[Path], text: str) -> None:
    """Move the next files into a zip, which appears when it is whole."""
    with replacing(path) as target, zipfile.ZipFile(target, "w") as archive:
        # A comment, not a member: readers of the original expect recordings only.
        archive.comment = text.encode()
        for n in range(count):
            recording = next(files)
            # With the fixed date that ZipInfo has by itself, the same data give the same bytes.
            info = zipfile.ZipInfo(member(name, n))
            info.external_attr = 0o644 << 16
            archive.writestr(info, recording.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=1)
            recording.unlink()


def _announce(total: int, setup: Setup, folder: Path, *, share: float) -> None:
    size = total * setup.duration * BYTES_PER_MS * share
    free = shutil.disk_usage(folder).free
    log.info(
        "simulating %d recordings of %g ms, about %.1f MB, in %s",
        total, setup.duration, size / 1e6, folder,
    )  # fmt: skip
    if size > free:
        log.warning(
            "%s has %.1f GB free, about %.1f GB will be written: free some space, or shorten the "
            "recordings", folder, free / 1e9, size / 1e9,
        )  # fmt: skip
