"""Interleaved timing: one process, rounds A B C A B C, medians."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Samples:
    """Seconds of one action, one entry a round.

    The ratio to another is that of the medians; its spread is the smallest and largest ratio of
    two neighbours in the same round, which met the same disturbances.
    """

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median in seconds."""
        return statistics.median(self.seconds)

    def over(self, other: "Samples") -> tuple[float, float, float]:
        """How many times longer this takes than `other`: ratio of medians, smallest, largest."""
        rounds = [a / b for a, b in zip(self.seconds, other.seconds, strict=True)]
        return self.median / other.median, min(rounds), max(rounds)


def interleaved(
    actions: Mapping[str, Callable[[], object]], *, rounds: int, device: str = "cpu"
) -> dict[str, Samples]:
    """Time every action once a round, after one round of warm-up.

    Args:
        actions: what to time, by name.
        rounds: measured rounds.
        device: waited for before a clock is read if it is a GPU.
    """
    wait = torch.cuda.synchronize if device.startswith("cuda") else (lambda: None)
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for index in range(rounds + 1):
        for name, action in actions.items():
            wait()
            start = time.perf_counter()
            action()
            wait()
            if index > 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: Samples(tuple(values)) for name, values in seconds.items()}
