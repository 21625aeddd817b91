"""Run all benchmarks of the event side."""

import os
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks import event_binning, event_cache, event_files
from benchmarks.event_binning import Task
from benchmarks.event_files import Wanted
from benchmarks.event_streams import nmnist, stream
from benchmarks.event_tables import PROTOCOL, Results, sections
from benchmarks.tables import MIB

EVENTS = 200_000


def environment(processor: str, rounds: int) -> str:
    """When, where and with which versions it was measured."""
    packages = ("numpy", "tonic", "spikingjelly")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"Measured on {date.today()}: {processor}, one thread; {versions}; {rounds} rounds; "
        f"others' load before the run: {os.getloadavg()[0]:.1f} processes."
    )


def tasks() -> list[Task]:
    """Streams to bin; N-MNIST only where it is."""
    found = [
        Task("200,000 events, 128x128, T = 16", [stream(EVENTS)], 100, 16),
        Task("2,000,000 events, 128x128, T = 16", [stream(10 * EVENTS)], 100, 16),
    ]
    if recordings := nmnist():
        found.append(Task(f"N-MNIST, {len(recordings)} recordings, T = 10", recordings, 30, 10))
    return found


def report(*, rounds: int, quick: bool, announce: Callable[[str], None]) -> str:
    """Measure everything; the tables as Markdown.

    Args:
        rounds: of each measurement.
        quick: small caches.
        announce: told what is measured next.
    """
    scale = 10 if quick else 1
    binning, frames = {}, {}
    for task in tasks():
        announce(task.name)
        binning[task.name] = (event_binning.measure(task, rounds=rounds), task.events)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        announce("files")
        whole = Wanted(dt=100, slices=16)
        for events in (stream(EVENTS), stream(10 * EVENTS)):
            title = f"{len(events):,} events, 128x128, T = 16"
            frames[title] = event_files.measure_frames(events, whole, folder, rounds=rounds)
        events = stream(EVENTS, duration=1_300_000)  # as long as a recording of CIFAR10-DVS
        first = Wanted(dt=10, slices=10, size=(48, 48))
        frames[PROTOCOL] = event_files.measure_frames(events, first, folder, rounds=rounds)
        decoding = event_files.measure_aedat3(events, folder, rounds=rounds)
        announce("cache")
        reading = event_cache.measure_reading(folder, samples=1000 // scale, rounds=rounds)
        samples = 10_000 // scale
        start, size = event_cache.measure_start(folder, samples=samples, rounds=rounds)
        announce("memory of a build")
        builds = tuple(
            event_cache.measure_build(folder, count // scale) for count in (200, 500, 1000)
        )
    title = f"a cache of {samples} samples, {size / MIB:.0f} MiB"
    return sections(Results(binning, frames, (decoding, EVENTS), reading, start, title, builds))
