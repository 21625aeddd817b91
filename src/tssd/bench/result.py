"""bench.json: what a trained network takes in each runtime."""

from dataclasses import dataclass, field
from typing import Any

from tssd.bench.timing import Spread
from tssd.runs.typed_json import plain


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A runtime at one T with batches of one size.

    Args:
        runtime: its name.
        timesteps: T.
        batch: samples at a time.
        wall_ms: of a batch, by the clock.
        cpu_ms: of a batch, of all threads together.
        rounds: how often it was run for the two.
        per_second: samples, by the median.
        speedup: how many times as fast as PyTorch, by the medians of the clock; None = PyTorch was
            not measured.
        cpu_speedup: the same by CPU time.
        memory_mib: the most resident memory of a process that does nothing else; None = not
            measured.
        accuracy: share of right decisions of the mean logits, of the runtime itself, 0 to 1.
        energy_uj: estimated for the arithmetic of a sample, not measured; None = not known.
    """

    runtime: str
    timesteps: int
    batch: int
    wall_ms: Spread
    cpu_ms: Spread
    rounds: int
    per_second: float
    speedup: float | None
    cpu_speedup: float | None
    memory_mib: float | None
    accuracy: float
    energy_uj: float | None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Everything in bench.json.

    Args:
        epoch: whose weights, counted from 1; None = not known.
        samples: test samples that the accuracies are of; the first ones are those that are timed.
        split_hash: of the test samples that they were taken from.
        threads: that each runtime might use.
        firing_rate: spikes per neuron and timestep at each T of the run; None = not known.
        cells: in the order of batches, T and runtimes.
        absent: runtimes that were not measured, and why.
        environment: versions and machine.
    """

    epoch: int | None
    samples: int
    split_hash: str | None
    threads: int
    firing_rate: tuple[float, ...] | None
    cells: tuple[Cell, ...]
    absent: dict[str, str] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return plain(self)
