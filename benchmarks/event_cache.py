"""The cache: reading in random order, a warm start, and the memory of a build."""

import os
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.timing import Samples, interleaved
from tssd.events import Events
from tssd.events.build import open_frames
from tssd.events.cache import FRAMES, FrameCache
from tssd.events.slicing import FixedTime

SIDE = 128


@dataclass
class SmallFile:
    """A recording of a few random events; its file is there to be looked at, not to be read.

    Args:
        path: of the file.
        count: of events.
    """

    path: Path
    count: int = 200
    samples: int = 1

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    @property
    def change(self) -> tuple[int, int]:
        """Time of change and number on the disk."""
        stat = self.path.stat()
        return (stat.st_ctime_ns, stat.st_ino)

    def checksum(self) -> int:
        """Of nothing: the files are empty."""
        return 0

    @property
    def stamp(self) -> tuple[int, int]:
        """Size and modification time."""
        stat = self.path.stat()
        return (stat.st_size, stat.st_mtime_ns)

    def read(self) -> Sequence[Events]:
        """Random events of 160 ms, the same for the same file."""
        draw = np.random.default_rng(int(self.path.stem))
        x, y = draw.integers(0, SIDE, (2, self.count)).astype(np.uint16)
        p = draw.integers(0, 2, self.count).astype(np.uint8)
        t = np.sort(draw.integers(0, 160_000, self.count))
        return [Events(t, x, y, p, height=SIDE, width=SIDE)]


def files(folder: Path, count: int, *, events: int = 200) -> list[SmallFile]:
    """`count` recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    recordings = [SmallFile(folder / f"{n}.bin", events) for n in range(count)]
    for recording in recordings:
        recording.path.touch()
    return recordings


def opened(root: Path, recordings: Sequence[SmallFile], *, slices: int = 16) -> FrameCache:
    """The cache of [slices, 2, 48, 48] frames."""
    options = {"slicing": FixedTime(10.0), "slices": slices, "size": (48, 48)}
    return open_frames(root, {"dataset": "benchmark"}, recordings, progress=False, **options)


def readers(root: Path, recordings: Sequence[SmallFile]) -> dict[str, Callable[[], int]]:
    """Copying every sample in random order: from the cache, and from a plain memory map."""
    cache = opened(root, recordings)
    raw = np.load(cache.path / FRAMES, mmap_mode="r")
    order = np.random.default_rng(0).permutation(len(cache)).tolist()
    return {
        "tssd": lambda: sum(cache.frames[n].copy().nbytes for n in order),
        "np.load(mmap_mode='r')": lambda: sum(np.array(raw[n]).nbytes for n in order),
    }


def measure_reading(folder: Path, *, samples: int, rounds: int) -> dict[str, Samples]:
    """Seconds to copy all samples of a cache in the page cache."""
    recordings = files(folder / "reading", samples, events=25_000)
    return interleaved(readers(folder / "caches", recordings), rounds=rounds)


def measure_start(folder: Path, *, samples: int, rounds: int) -> tuple[dict[str, Samples], int]:
    """Seconds to open a finished cache with its checks, and the size of the cache in bytes.

    Once as always, and once as after a copy, when all of it is compared with its checksum.
    """
    recordings = files(folder / "start", samples)
    cache = opened(folder / "caches", recordings, slices=10)

    def copied() -> None:
        os.utime(cache.path / FRAMES)
        opened(folder / "caches", recordings, slices=10)

    actions = {
        "warm": lambda: opened(folder / "caches", recordings, slices=10),
        "after a copy": copied,
    }
    return interleaved(actions, rounds=rounds), cache.nbytes


@dataclass(frozen=True)
class Build:
    """A build: how many samples, the frames in bytes, the peak of memory in bytes, seconds."""

    samples: int
    frames: int
    peak: int
    seconds: float


def measure_build(folder: Path, samples: int) -> Build:
    """Peak of what Python and NumPy allocate while a cache is built."""
    recordings = files(folder / f"build-{samples}", samples, events=25_000)
    tracemalloc.start()
    start = time.perf_counter()
    cache = opened(folder / f"caches-{samples}", recordings)
    seconds = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Build(samples, cache.nbytes, peak, seconds)
