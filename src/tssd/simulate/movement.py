"""How the image moves on the monitor: the repeated closed loop of the CIFAR10-DVS recording."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

# Corners of the diamond in units of the amplitude, (right, down); the last one closes the loop.
CORNERS = np.array([[-1, 0], [0, -1], [1, 0], [0, 1], [-1, 0]], dtype=np.float64)
SIDES = 4

US_PER_MS = 1000.0


@dataclass(frozen=True)
class ClosedLoop:
    """A diamond of four straight sides, run through at constant speed again and again.

    The image starts at the diamond's left corner and moves right-up, right-down, left-down and
    left-up, all at 45 degrees.

    Args:
        amplitude: distance from the middle to each corner in sensor pixels, >= 0.
        period: time of one loop in milliseconds, > 0.
        step: longest way in sensor pixels between two rendered positions, > 0.

    Raises:
        UsageError: A value is out of range.
    Source: Li et al., Front. Neurosci. 11:309, 2017 (a smooth closed loop; see docs for the rest).
    """

    amplitude: float = 4.0
    period: float = 200.0
    step: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.amplitude < np.inf:
            raise UsageError(
                f"movement amplitude is {self.amplitude}, expected 0 or more pixels: give about 4"
            )
        for field in ("period", "step"):
            if not 0 < getattr(self, field) < np.inf:
                raise UsageError(
                    f"movement {field} is {getattr(self, field)}, expected more than 0"
                )

    def times(self, duration: float) -> NDArray[np.float64]:
        """Moments to render, from 0 to the first at or after `duration` (ms), in microseconds [F].

        Every corner is among them, so that no corner is cut.
        """
        steps = max(1, math.ceil(self.amplitude * math.sqrt(2) / self.step))
        interval = self.period * US_PER_MS / (SIDES * steps)
        count = math.ceil(duration * US_PER_MS / interval - 1e-9)
        return interval * np.arange(count + 1, dtype=np.float64)

    def offsets(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the image is to the right and down, in sensor pixels, [F] microseconds -> [F, 2].

        Zero is the middle of the diamond.
        """
        turns = times / (self.period * US_PER_MS)
        # Rounding keeps the end of a loop from being the end of its last side in one loop and the
        # start of its first in the next, a hair apart.
        side = np.round((turns - np.floor(turns)) * SIDES, 9) % SIDES
        corners = np.arange(SIDES + 1)
        x, y = (np.interp(side, corners, CORNERS[:, axis]) for axis in (0, 1))
        return self.amplitude * np.stack([x, y], axis=1)
