"""From recordings to frames, in threads that keep their order and never run far ahead."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from tssd.errors import DataError, TssdError
from tssd.events.binning import Frames, to_frames
from tssd.events.cache_key import Recording, change_now, stamp_of
from tssd.events.pooling import Size
from tssd.events.slicing import Slicing
from tssd.events.stream import Events

MOST_WORKERS = 8
# Recordings that each thread may be ahead of the writer: enough to even out large and small ones.
AHEAD = 2
# Events in the first recording. Below, threads wait for each other more than they work: the 4,000
# events of an N-MNIST file take 0.4 ms with one thread and 0.6 to 0.7 ms with two or four.
THREADS_FROM = 50_000

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Converted:
    """A recording's samples as frames, with their statistics and notes."""

    name: str
    frames: list[Frames]
    rows: list[tuple[int, int, int, int]]
    notes: dict[str, None]
    change: list[int]
    checksum: int


@dataclass(frozen=True)
class Plan:
    """What is to be cached."""

    recordings: Sequence[Recording]
    slicing: Slicing
    slices: int
    size: Size | None
    bits: Literal[8, 16]

    @property
    def samples(self) -> int:
        """Of all recordings."""
        return sum(recording.samples for recording in self.recordings)

    def convert(self, item: tuple[Recording, list[int]]) -> Converted:
        """Read a recording, whose stamp was `item[1]`, and count; every error names it."""
        recording, stamp = item
        change = change_now(recording)
        samples = self._read(recording)
        checksum = recording.checksum()
        if (stamp_of(recording), change_now(recording)) != (stamp, change):
            raise DataError(
                f"{recording.name}: changed while it was read: start again when it is complete"
            )
        if len(samples) != recording.samples:
            raise DataError(
                f"{recording.name}: has {len(samples)} samples, expected {recording.samples}: "
                "check the file and its labels"
            )
        converted = Converted(recording.name, [], [], {}, change, checksum)
        for events in samples:
            try:
                frames = to_frames(
                    events, self.slicing, self.slices, size=self.size, bits=self.bits
                )
            except TssdError as error:
                raise type(error)(f"{recording.name}: {error}") from error
            converted.frames.append(frames)
            converted.rows.append((len(events), events.duration, frames.saturated, frames.empty))
            converted.notes.update(dict.fromkeys(events.notes))
        return converted

    def convert_all(self, workers: int | None) -> Generator[Converted, None, None]:
        """Convert all recordings, in order.

        Args:
            workers: threads; None takes one a processor, at most 8, or one if recordings are small.
        """
        items = ((recording, stamp_of(recording)) for recording in self.recordings)
        first = self.convert(next(items))
        if workers is None:
            small = sum(row[0] for row in first.rows) < THREADS_FROM
            workers = 1 if small else min(MOST_WORKERS, os.cpu_count() or 1)
        yield first
        yield from in_order(self.convert, items, threads=workers)

    def _read(self, recording: Recording) -> Sequence[Events]:
        try:
            return recording.read()
        except TssdError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DataError(
                f"{recording.name}: cannot be read ({reason}): replace the file, or leave it out"
            ) from error


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], *, threads: int
) -> Generator[Result, None, None]:
    """Yield the results of `work` in order, made in threads that never run far ahead.

    The pool's own map would start all at once and hold all results that nobody has taken yet.
    """
    if threads == 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(threads)
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > AHEAD * threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
