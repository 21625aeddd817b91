"""Events to frames against tonic and SpikingJelly; decoded events in memory, one thread."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tonic
from spikingjelly.datasets.utils import integrate_events_by_fixed_duration

from benchmarks.event_streams import structured
from benchmarks.timing import Samples, interleaved
from tssd.events import Events
from tssd.events.binning import to_frames
from tssd.events.slicing import FixedTime

MS = 1000


@dataclass(frozen=True)
class Task:
    """Recordings to turn into frames of their sensor's size.

    Args:
        name: for the tables.
        recordings: decoded events.
        dt: duration of a slice in milliseconds.
        slices: T.
    """

    name: str
    recordings: list[Events]
    dt: int
    slices: int

    @property
    def events(self) -> int:
        """In all recordings."""
        return sum(map(len, self.recordings))


def ours(task: Task) -> Callable[[], list[np.ndarray]]:
    slicing = FixedTime(task.dt)
    return lambda: [to_frames(e, slicing, task.slices).counts for e in task.recordings]


def tonics(task: Task) -> Callable[[], list[np.ndarray]]:
    first = task.recordings[0]
    transform = tonic.transforms.ToFrame(
        sensor_size=(first.width, first.height, 2),
        time_window=task.dt * MS,
        start_time=0,
        end_time=task.slices * task.dt * MS,
    )
    tables = [structured(events) for events in task.recordings]
    return lambda: [transform(table) for table in tables]


def spikingjellys(task: Task) -> Callable[[], list[np.ndarray]]:
    """All whole and partial slices of a recording; it has no option for the first T."""
    columns = [{n: getattr(e, n) for n in ("t", "x", "y", "p")} for e in task.recordings]
    first = task.recordings[0]
    size = (first.height, first.width)
    return lambda: [integrate_events_by_fixed_duration(c, task.dt * MS, *size) for c in columns]


PEERS = {"tssd": ours, "tonic": tonics, "SpikingJelly": spikingjellys}


def measure(task: Task, *, rounds: int) -> dict[str, Samples]:
    """Seconds by peer for all recordings of a task."""
    return interleaved({name: make(task) for name, make in PEERS.items()}, rounds=rounds)
