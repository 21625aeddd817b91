"""From values to places on a picture, and the round numbers along an axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tssd.runs.typed_json import HUGE


@dataclass(frozen=True)
class Axis:
    """A stretch of numbers laid on a stretch of a picture.

    Args:
        low: the least number shown.
        high: the greatest.
        start: where `low` is on the picture, in its units.
        end: where `high` is.
        log: whether equal ratios take equal room; numbers are positive then.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """Where a number is."""
        low, high, value = (
            (math.log(self.low), math.log(self.high), math.log(value))
            if self.log
            else (self.low, self.high, value)
        )
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round numbers on it, about five."""
        if not self.log:
            return ticks(self.low, self.high)
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        steps = (1, 2, 5) if last - first <= 2 else (1,)
        every = max(1, (last - first) // 5)
        found = [m * 10.0**e for e in range(first, last + 1, every) for m in steps]
        return [value for value in found if self.low <= value <= self.high]


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / about
    if not 1e-300 < rough < math.inf:  # nothing to divide
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def stretch(values: Sequence[float], *, log: bool = False) -> tuple[float, float]:
    """Least and greatest number to show: the finite values with some air."""
    found = [value for value in values if abs(value) <= HUGE and (value > 0 or not log)]
    if not found:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = min(found), max(found)
    if log:
        return low / 1.15, high * 1.15
    air = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    # Shares and counts have no room below zero.
    return (max(low - air, 0.0) if low >= 0 else low - air), high + air
