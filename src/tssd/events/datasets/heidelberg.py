"""The Heidelberg spiking data sets, SHD and SSC: spoken words as spikes of 700 cochlear channels.

An HDF5 file a part: spikes/times (seconds) and spikes/units (0 to 699) hold an array a sample,
labels its class, extra/keys the classes' names. Cramer et al., arXiv 1910.07407.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tssd.errors import DataError, UsageError
from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, Numbers, Reading, check_counts
from tssd.events.datasets.sources import Download
from tssd.events.files import PlainFile
from tssd.events.formats.hdf5 import opened
from tssd.events.order import checked_events
from tssd.events.stream import Events

UNITS = 700
URL = "https://zenkelab.org/datasets/"
# Samples read at once: files of 75,000 would fill gigabytes.
SPAN = 128


@dataclass(frozen=True)
class SpikeTrains:
    """Some consecutive samples of a file.

    Args:
        file: The HDF5 file.
        begin: Number of the first of them.
        end: Number behind the last.
        strict: Whether to refuse damaged ones.
    """

    file: PlainFile
    begin: int
    end: int
    strict: bool = False

    @property
    def name(self) -> str:
        """The file and the numbers."""
        return f"{self.file.name}[{self.begin}:{self.end}]"

    @property
    def stamp(self) -> tuple[int, ...]:
        """What identifies the content of the file."""
        return self.file.stamp

    @property
    def change(self) -> tuple[int, ...]:
        """What no writing leaves as it was, of the file."""
        return self.file.change

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self.end - self.begin

    def checksum(self) -> int:
        """CRC-32 of the whole file, computed once for all its samples."""
        return _checksum(self.file, self.stamp, self.change)

    def read(self) -> list[Events]:
        """Spikes as events of one row of 700 columns, all alike. Raises: DataError: damaged."""
        place = self.file.place
        with opened(self.file.content(), name=place) as stored:
            chosen = slice(self.begin, self.end)
            times, units = stored["spikes/times"][chosen], stored["spikes/units"][chosen]
        return [
            self._events(t, x, f"{place} sample {self.begin + n}")
            for n, (t, x) in enumerate(zip(times, units, strict=True))
        ]

    def _events(self, times: Any, units: Any, name: str) -> Events:
        seconds, x = np.asarray(times, dtype=np.float64), np.asarray(units)
        right = seconds.shape == x.shape and x.ndim == 1 and x.dtype.kind in "ui"
        if not right or not (np.abs(seconds) < 1e6).all():
            raise DataError(
                f"{name} has {seconds.size} times and {x.size} units ({x.dtype}), expected as many "
                "of both, in seconds and whole numbers: get the file again"
            )
        zeros = np.zeros(len(x), dtype=np.uint16)
        t = np.rint(seconds * 1e6).astype(np.int64)
        events = checked_events((t, x, zeros, zeros), (1, UNITS), name=name, strict=self.strict)
        return replace(events, channels=1)


@lru_cache(maxsize=8)
def _checksum(file: PlainFile, stamp: tuple[int, ...], change: tuple[int, ...]) -> int:
    return file.checksum()


@dataclass(frozen=True)
class HeidelbergFiles(EventFiles):
    """Base of both: <name>_<part>.h5 in the data set's folder.

    Attributes:
        parts: The files by part, with the number of their samples.
        downloads: The archives as they are offered, one a file.
    """

    sensor = (1, UNITS)
    parts: ClassVar[Mapping[str, tuple[str, int]]]
    downloads: ClassVar[Sequence[Download]]

    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """Read the labels of all parts; no spike is read.

        Raises:
            UsageError: The package h5py is not installed.
            DataError: A file is missing or damaged, or has another number of samples.
        """
        labels: dict[str, Numbers] = {}
        names: tuple[str, ...] = ()
        spans: list[SpikeTrains] = []
        for part, (file, _) in self.parts.items():
            if not (folder / file).is_file():
                raise self._missing(folder, file)
            labels[part], names = _labels(folder / file, names)
            count = len(labels[part])
            spans += [
                SpikeTrains(PlainFile(folder, file), n, min(n + SPAN, count), reading.strict)
                for n in range(0, count, SPAN)
            ]
        check_counts(
            folder,
            {part: len(found) for part, found in labels.items()},
            {part: count for part, (_, count) in self.parts.items()},
            allow_incomplete=reading.allow_incomplete,
        )
        numbers = np.arange(sum(map(len, labels.values())))
        ends = np.cumsum([len(found) for found in labels.values()])[:-1]
        of = dict(zip(labels, np.split(numbers, ends), strict=True))
        every = np.concatenate(list(labels.values()))
        return Catalogue(spans, every, names, test=of["test"], val=of.get("val"))

    def read_own(self, path: Path, reading: Reading) -> Events:
        """Refused: a file holds thousands of samples."""
        raise UsageError(
            f"{path}: a file of {self.title} holds many samples; give frames [T, N, units, 1, 1]"
        )

    def _missing(self, folder: Path, file: str) -> DataError:
        offered = next(d for d in self.downloads if d.file.startswith(file))
        for packed in (offered.file, f"{file}.gz"):
            if (folder / packed).is_file():
                return DataError(f"{self.title}: {folder / packed} is packed: unpack it there")
        return DataError(
            f"{self.title}: {file} is not in {folder}; get {offered.file} ({offered.size}, md5 "
            f'{offered.md5}) from {offered.url} and unpack it there, or all with: python -c "from '
            f"tssd.data import {self.title} as d; d.download('{folder.parent}')\"; or correct "
            "--data.root"
        )


def _labels(path: Path, names: tuple[str, ...]) -> tuple[Numbers, tuple[str, ...]]:
    """Class of each sample of a file, and the classes' names, those of the file before it."""
    with opened(path, name=str(path)) as stored:
        found = np.asarray(stored["labels"][()])
        keys = tuple(
            key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
            for key in stored["extra/keys"][()]
        )
        counts = {len(stored[field]) for field in ("labels", "spikes/times", "spikes/units")}
    whole = found.ndim == 1 and found.dtype.kind in "ui"
    if not whole or len(counts) > 1 or not ((found >= 0) & (found < len(keys))).all():
        raise DataError(
            f"{path} has labels {found.dtype} {list(found.shape)} of {len(keys)} classes, and "
            f"{sorted(counts)} samples; expected one label a sample, from 0 to below the number of "
            "classes: get the file again"
        )
    if names and names != keys:
        raise DataError(f"{path} has other classes than the part before it: get the files again")
    return found.astype(np.int64), keys


def _offered(name: str, md5s: Mapping[str, str]) -> tuple[Download, ...]:
    files = {f"{name}_{part}.h5.zip": md5 for part, md5 in md5s.items()}
    return tuple(Download(file, URL + file, "a zip archive", md5) for file, md5 in files.items())


@dataclass(frozen=True)
class SHDFiles(HeidelbergFiles):
    """Spiking Heidelberg Digits: shd_train.h5 and shd_test.h5."""

    title = "SHD"
    parts = {"train": ("shd_train.h5", 8156), "test": ("shd_test.h5", 2264)}
    downloads = _offered(
        "shd",
        {
            "train": "f3252aeb598ac776c1b526422d90eecb",
            "test": "1503a5064faa34311c398fb0a1ed0a6f",
        },
    )


@dataclass(frozen=True)
class SSCFiles(HeidelbergFiles):
    """Spiking Speech Commands: ssc_train.h5, ssc_valid.h5 and ssc_test.h5."""

    title = "SSC"
    parts = {
        "train": ("ssc_train.h5", 75466),
        "test": ("ssc_test.h5", 20382),
        "val": ("ssc_valid.h5", 9981),
    }
    downloads = _offered(
        "ssc",
        {
            "train": "d102be95e7144fcc0553d1f45ba94170",
            "valid": "b4eee3516a4a90dd0c71a6ac23a8ae43",
            "test": "a35ff1e9cffdd02a20eb850c17c37748",
        },
    )
