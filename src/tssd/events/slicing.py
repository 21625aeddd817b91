"""Where one timestep ends and the next begins: event indices, before anything is counted."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

Times = NDArray[np.int64]
Edges = NDArray[np.int64]

# Where the time of a recording begins: at its first event, or at time zero of the file.
Start = Literal["first", "zero"]


class Slicing(ABC):
    """A way to cut a recording into timesteps.

    Attributes:
        is_prefix: whether more slices only add later ones, so that T_s slices begin every T_t.
        why_not_prefix: why the first slices of a longer input are not the shorter input; "" if
            they are.
    """

    is_prefix: ClassVar[bool]
    why_not_prefix: ClassVar[str]

    @abstractmethod
    def edges(self, t: Times, slices: int) -> Edges:
        """Event indices [slices + 1]: slice k holds the events edges[k] to edges[k + 1] - 1.

        Args:
            t: time stamps in microseconds, never falling, [E].
            slices: number of timesteps, at least 1.
        """

    @abstractmethod
    def needed(self, slices: int) -> int | None:
        """Microseconds after the first slice's start from which on no event counts; None: all do.

        They count from the first event, or from time zero with FixedTime(start="zero").
        """

    @abstractmethod
    def key(self) -> dict[str, str | int]:
        """Plain values that tell this slicing from every other, for the cache."""


@dataclass(frozen=True)
class FixedTime(Slicing):
    """Slices of the same duration for every recording: slice k is [k dt, (k + 1) dt).

    More slices only add later ones, so the student's input is a true prefix of the teacher's.
    Slices after the end of a recording are empty.

    Args:
        dt: Duration of a slice in milliseconds, whole microseconds.
        start: Where slice 0 begins: at the "first" event, or at time "zero" of the file.
    """

    dt: float = 10.0
    start: Start = "first"

    is_prefix: ClassVar[bool] = True
    why_not_prefix: ClassVar[str] = ""

    def __init__(self, dt: float = 10.0, *, start: Start = "first") -> None:
        ticks = dt * 1000
        if not 1 <= ticks < 2**53 or abs(ticks - round(ticks)) > 1e-6 * ticks:
            raise UsageError(
                f"dt is {dt} ms; expected whole microseconds, at least 0.001 ms: round it"
            )
        if start not in ("first", "zero"):
            raise UsageError(f'start is {start!r}; expected "first" or "zero"')
        object.__setattr__(self, "dt", dt)
        object.__setattr__(self, "start", start)

    @property
    def microseconds(self) -> int:
        """Duration of a slice in microseconds."""
        return round(self.dt * 1000)

    def edges(self, t: Times, slices: int) -> Edges:
        """See `Slicing.edges`."""
        check_slices(slices)
        origin = int(t[0]) if self.start == "first" and len(t) else 0
        step = self.microseconds
        return _at(t, range(origin, origin + slices * step + 1, step))

    def needed(self, slices: int) -> int | None:
        """See `Slicing.needed`."""
        return slices * self.microseconds

    def key(self) -> dict[str, str | int]:
        """See `Slicing.key`."""
        return {"name": "FixedTime", "microseconds": self.microseconds, "start": self.start}


@dataclass(frozen=True)
class EqualCount(Slicing):
    """Slices of the same number of events, whatever time they take; differs by one at most.

    Not for distillation over time: with more slices, each holds fewer events, so the first T_s of
    T_t slices are another input than T_s slices.
    """

    is_prefix: ClassVar[bool] = False
    why_not_prefix: ClassVar[str] = (
        "EqualCount shares all events of a recording out among its slices, so the first slices "
        "of a longer input hold fewer events than the shorter input"
    )

    def edges(self, t: Times, slices: int) -> Edges:
        """See `Slicing.edges`."""
        check_slices(slices)
        return np.arange(slices + 1, dtype=np.int64) * len(t) // slices

    def needed(self, slices: int) -> int | None:
        """See `Slicing.needed`."""
        return None

    def key(self) -> dict[str, str | int]:
        """See `Slicing.key`."""
        return {"name": "EqualCount"}


@dataclass(frozen=True)
class EqualTimeShare(Slicing):
    """Slices of an equal share of each recording's own time, first to last event included.

    Not for distillation over time: with more slices, each is shorter, so the first T_s of T_t
    slices are another input than T_s slices. And a slice's duration differs between recordings.
    """

    is_prefix: ClassVar[bool] = False
    why_not_prefix: ClassVar[str] = (
        "EqualTimeShare divides each recording's whole time among its slices, so the first slices "
        "of a longer input end earlier than the shorter input"
    )

    def edges(self, t: Times, slices: int) -> Edges:
        """See `Slicing.edges`."""
        check_slices(slices)
        if not len(t):
            return np.zeros(slices + 1, dtype=np.int64)
        first, span = int(t[0]), int(t[-1]) - int(t[0]) + 1
        # Rounded up: slice k holds the stamps whose share (t - first) / span is in [k, k + 1) / T.
        return _at(t, [first - (-k * span // slices) for k in range(slices + 1)])

    def needed(self, slices: int) -> int | None:
        """See `Slicing.needed`."""
        return None

    def key(self) -> dict[str, str | int]:
        """See `Slicing.key`."""
        return {"name": "EqualTimeShare"}


def check_slices(slices: int) -> None:
    """Refuse a number of timesteps below 1. Raises: UsageError."""
    if slices < 1:
        raise UsageError(f"the number of slices is {slices}; expected at least 1")


def _at(t: Times, borders: Sequence[int]) -> Edges:
    try:
        values = np.array(borders, dtype=np.int64)
    except OverflowError:  # beyond any time stamp, so after the last event
        values = np.array([min(border, 2**63 - 1) for border in borders], dtype=np.int64)
    return t.searchsorted(values)
