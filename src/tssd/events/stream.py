"""A recording of an event camera, as it is in memory."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Events:
    """Events in order of time.

    Args:
        t: time stamps in microseconds, never falling, int64 [E].
        x: column of each event, counted from the left, uint16 [E].
        y: row of each event, counted from the top, uint16 [E].
        p: polarity of each event, 1 = ON (brighter), 0 = OFF (darker), uint8 [E].
        height: rows of the sensor.
        width: columns of the sensor.
        notes: what was dropped or repaired on reading, a clause each; empty for sound recordings.
        channels: of a frame of them: 2, one a polarity, or 1 where all events are alike (p = 0).
    """

    t: NDArray[np.int64]
    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    p: NDArray[np.uint8]
    height: int
    width: int
    notes: tuple[str, ...] = ()
    channels: int = 2

    def __len__(self) -> int:
        return len(self.t)

    @property
    def duration(self) -> int:
        """Time from the first to the last event in microseconds; 0 if there are none."""
        return int(self.t[-1] - self.t[0]) if len(self.t) else 0

    def between(self, start: int, end: int) -> Self:
        """The events with start <= t < end, in microseconds, as views."""
        first, last = np.searchsorted(self.t, [start, end])
        return replace(
            self,
            t=self.t[first:last],
            x=self.x[first:last],
            y=self.y[first:last],
            p=self.p[first:last],
        )
