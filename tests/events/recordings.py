"""Small recordings for the tests: random events, in memory or in files of four plain columns."""

import time
import zlib
from pathlib import Path

import numpy as np

from tssd.events import Events
from tssd.npy_header import parsed


def random_events(count, *, seed=0, height=12, width=16, duration=100_000):
    """`count` events anywhere on the sensor, at sorted times in [0, duration) microseconds."""
    draw = np.random.default_rng(seed)
    return Events(
        t=np.sort(draw.integers(0, duration, count)).astype(np.int64),
        x=draw.integers(0, width, count).astype(np.uint16),
        y=draw.integers(0, height, count).astype(np.uint16),
        p=draw.integers(0, 2, count).astype(np.uint8),
        height=height,
        width=width,
    )


def at(times, *, x=0, y=0, p=1, height=4, width=4):
    """Events at given times in microseconds, all in one pixel unless arrays are given."""
    times = np.asarray(times, dtype=np.int64)
    columns = [np.broadcast_to(np.asarray(v), times.shape) for v in (x, y, p)]
    dtypes = (np.uint16, np.uint16, np.uint8)
    arrays = [v.astype(d) for v, d in zip(columns, dtypes, strict=True)]
    return Events(times, *arrays, height=height, width=width)


class FileRecording:
    """A file of [E, 4] int64 columns t, x, y, p, cut into `samples` pieces of equal count."""

    def __init__(self, path, *, samples=1, height=12, width=16, pause=0.0, gate=None):
        self.path = Path(path)
        self.name = self.path.name
        self.samples = samples
        self.shape = (height, width)
        self.pause = pause  # seconds that reading takes at least
        self.gate = gate  # a file that reading waits for, up to a minute

    @property
    def stamp(self):
        stat = self.path.stat()
        return (stat.st_size, stat.st_mtime_ns)

    @property
    def change(self):
        stat = self.path.stat()
        return (stat.st_ctime_ns, stat.st_ino)

    def checksum(self):
        return zlib.crc32(self.path.read_bytes())

    def read(self):
        time.sleep(self.pause)
        until = time.monotonic() + 60
        while self.gate is not None and not self.gate.exists() and time.monotonic() < until:
            time.sleep(0.001)
        table = parsed(lambda: np.load(self.path))
        return [self._events(part) for part in np.array_split(table, self.samples)]

    def _events(self, table):
        t, x, y, p = table.T
        return Events(t, x.astype(np.uint16), y.astype(np.uint16), p.astype(np.uint8), *self.shape)


class MemoryRecording:
    """Events made when they are asked for."""

    def __init__(self, name, make, *, samples=1, stamp=(0,), change=()):
        self.name = name
        self.stamp = stamp
        self.samples = samples
        self.change = change
        self._make = make

    def checksum(self):
        return 0

    def read(self):
        return self._make()


def write(path, events):
    """A file that FileRecording reads."""
    np.save(path, np.stack([events.t, events.x, events.y, events.p], axis=1).astype(np.int64))
    return path


def folder_of_recordings(folder, count, *, events=300, **options):
    """`count` files with two samples each."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        FileRecording(
            write(folder / f"{n:03}.npy", random_events(events, seed=n)), samples=2, **options
        )
        for n in range(count)
    ]


def counted(events, borders, *, size=None, maximum=255):
    """Frames by the book: one event after the other, in plain Python integers."""
    height, width = size or (events.height, events.width)
    frames = np.zeros((len(borders) - 1, 2, height, width), dtype=np.int64)
    for t, x, y, p in zip(
        *(v.tolist() for v in (events.t, events.x, events.y, events.p)), strict=True
    ):
        for k in range(len(borders) - 1):
            if borders[k] <= t < borders[k + 1]:
                frames[k, p, y * height // events.height, x * width // events.width] += 1
    return np.minimum(frames, maximum)
