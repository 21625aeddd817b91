"""Interleaved timing: rounds A B C, B C A, ..., so that what disturbs one disturbs all."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

# Rounds, whatever time they take: quartiles need some, and more than these tell nothing new.
LEAST, MOST = 5, 200


@dataclass(frozen=True)
class Spread:
    """Milliseconds of a call: the median, and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        """Of at least two calls."""
        low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
        return cls(1e3 * median, 1e3 * low, 1e3 * high)


@dataclass(frozen=True)
class Timed:
    """One action.

    Args:
        wall: by the clock.
        cpu: of all threads of this process together.
        rounds: how often it ran.
    """

    wall: Spread
    cpu: Spread
    rounds: int


def interleaved(
    actions: Mapping[str, Callable[[int], object]], *, seconds: float
) -> dict[str, Timed]:
    """Time every action once a round, each time in another order, after two calls of each.

    Before a call that counts comes one that does not, with the samples of the round before: it
    brings the weights back into the caches, out of which the others have driven them, as they are
    where one runs by itself.

    Args:
        actions: what to time, by name; called with the number of the round, so that each may have
            other samples, the same for all actions.
        seconds: about how long all rounds may take; there are at least 5, and at most 200.
    """
    for action in actions.values():
        action(0)  # what is made at the first call
    begin = time.perf_counter()
    for action in actions.values():
        action(0)
    took = time.perf_counter() - begin
    rounds = min(max(LEAST, round(seconds / max(2 * took, 1e-9))), MOST)
    wall: dict[str, list[float]] = {name: [] for name in actions}
    cpu: dict[str, list[float]] = {name: [] for name in actions}
    names = list(actions)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            action = actions[name]
            action(turn - 1)
            cpu_begin, begin = time.process_time(), time.perf_counter()
            action(turn)
            wall[name].append(time.perf_counter() - begin)
            cpu[name].append(time.process_time() - cpu_begin)
    return {n: Timed(Spread.of(wall[n]), Spread.of(cpu[n]), rounds) for n in actions}
