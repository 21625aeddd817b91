"""A trained network in all runtimes, timed in turns, with what it is worth in each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from tssd.bench.energy import energy_uj, whole_in_engine
from tssd.bench.inputs import Inputs, spread_test_samples, take
from tssd.bench.memory import Size, peaks
from tssd.bench.preparing import prepare
from tssd.bench.result import Bench, Cell
from tssd.bench.runtimes import BASELINE, Opening, Runtime, torch_threads
from tssd.bench.timing import Timed, interleaved
from tssd.errors import DataError, UsageError
from tssd.exporting.comparison import answers
from tssd.exporting.measure import array
from tssd.exporting.request import Request, Weights
from tssd.exporting.samples import calibration_samples
from tssd.graph import Graph
from tssd.reopened.open_run import OpenRun
from tssd.runs.folder import RunFolder
from tssd.runs.results import EpochEvaluation
from tssd.training.environment import environment

if TYPE_CHECKING:
    from tssd.bench.runtimes import Call

# Samples at a time where only the answers count, and batches of others in turn where time does.
BATCH, VARIED = 64, 16
# Samples that scales of whole numbers are chosen by.
CALIBRATION = 64


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Args:
        timesteps: each T.
        batches: samples at a time.
        runtimes: in this order.
        seconds: about how long the rounds of one T and batch may take.
        samples: test samples to be right about.
        memory: whether processes are started to measure memory.
    """

    timesteps: Sequence[int]
    batches: Sequence[int]
    runtimes: Sequence[Runtime]
    seconds: float
    samples: int
    memory: bool


def measure(opened: OpenRun, opening: Opening, plan: Plan, tell: Callable[[str], object]) -> Bench:
    """Measure everything in this process, one runtime after the other, and memory in others.

    Args:
        opened: the run with its data.
        opening: where it is; its folder is one of our own while this lasts.
        plan: what to do.
        tell: called with what is being done.
    Raises: DataError: data that are not there, or logits that are not finite. UsageError: no
        runtime is left, or a T that the network or the data do not have.
    """
    longest, data = max(plan.timesteps), opened.parts.data
    split_hash = data.split_hash
    calibration = array(calibration_samples(opened.parts, CALIBRATION))
    inputs = spread_test_samples(data, longest, plan.samples)
    requests: dict[Weights, dict[int, Request]] = {
        each.weights: {t: Request(t, each.weights, calibration[:t]) for t in plan.timesteps}
        for each in plan.runtimes
    }
    with TemporaryDirectory(prefix="tssd-bench-") as folder, torch_threads(opening.threads):
        opening = replace(opening, folder=Path(folder))
        tell("preparing")
        images = inputs.x.ndim == 4
        ready, absent, graph = prepare(opening, plan.runtimes, requests, images=images)
        if not ready:
            raise UsageError("; ".join(f"{name}: {why}" for name, why in absent.items()))
        calls = {each.name: each.open(opening) for each in ready}
        tell(f"accuracy on {len(inputs.y)} samples")
        right = {e.name: _accuracies(e, calls[e.name], inputs, plan.timesteps) for e in ready}
        timed: dict[Size, dict[str, Timed]] = {}
        for batch in plan.batches:
            for timesteps in plan.timesteps:
                tell(f"timing T={timesteps}, batch {batch}")
                timed[timesteps, batch] = _timed(calls, inputs, timesteps, batch, plan.seconds)
        memory: dict[str, dict[Size, float]] = {}
        if plan.memory:
            np.save(Path(folder) / "inputs.npy", take(inputs.x, 0, max(plan.batches)))
            for each in ready:
                tell(f"memory of {each.name}")
                memory[each.name] = _peaks(each.name, opening, list(timed))
    evaluation = _evaluation(RunFolder.open(opening.run), opening)
    operations = evaluation and evaluation.operations
    counted = operations.layers if operations else {}
    whole = {each.name: _whole(each, counted, graph) for each in ready}
    cells = [
        _cell(
            each,
            size,
            timed[size],
            accuracy=right[each.name][size[0]],
            memory=memory.get(each.name, {}).get(size),
            energy=energy_uj(operations, size[0], events=each.events, whole=whole[each.name]),
        )
        for size in timed
        for each in ready
    ]
    return Bench(
        epoch=opened.saved.epoch,
        samples=len(inputs.y),
        split_hash=split_hash,
        threads=opening.threads,
        firing_rate=(evaluation and evaluation.mean_firing_rate) or None,
        cells=tuple(cells),
        absent=absent,
        environment=environment(),
    )


def _accuracies(
    runtime: Runtime, call: "Call", inputs: Inputs, timesteps: Sequence[int]
) -> dict[int, float]:
    """Of a runtime by T: of one run of the longest, or of each T's own model."""
    if runtime.apart:
        return {t: accuracies(runtime.name, call, inputs, t)[-1] for t in timesteps}
    found = accuracies(runtime.name, call, inputs, max(timesteps))
    return {t: found[t - 1] for t in timesteps}


def _whole(runtime: Runtime, names: Collection[str], graph: Callable[[], Graph]) -> Collection[str]:
    """Those of the counted layers whose weights a runtime has as whole numbers."""
    if runtime.weights == "float32":
        return ()
    # ONNX Runtime's tool is given all layers.
    return whole_in_engine(names, graph(), runtime.weights) if runtime.events else names


def accuracies(name: str, call: "Call", inputs: Inputs, timesteps: int) -> list[float]:
    """Share of right decisions of the mean logits at T = 1..timesteps.

    Raises: DataError: logits that are not finite; names the runtime.
    """
    right = np.zeros(timesteps)
    for first in range(0, len(inputs.y), BATCH):
        y = inputs.y[first : first + BATCH]
        logits = call(take(inputs.x, first, len(y)), timesteps)
        if not np.isfinite(logits).all():
            raise DataError(
                f"{name}: got logits that are NaN or infinite, expected finite numbers; the "
                "training diverged, so take an earlier checkpoint"
            )
        right += (answers(logits) == y).sum(1)
    return (right / len(inputs.y)).tolist()


def _timed(
    calls: Mapping[str, "Call"], inputs: Inputs, timesteps: int, batch: int, seconds: float
) -> dict[str, Timed]:
    # Other samples have other spikes.
    xs = [take(inputs.x, batch * k, batch) for k in range(min(VARIED, len(inputs.y)))]

    def action(call: "Call") -> Callable[[int], object]:
        return lambda turn: call(xs[turn % len(xs)], timesteps)

    return interleaved({name: action(c) for name, c in calls.items()}, seconds=seconds)


def _peaks(name: str, opening: Opening, sizes: Sequence[Size]) -> dict[Size, float]:
    """Nothing where the process did not live to tell it."""
    try:
        return peaks(name, opening, opening.folder / "inputs.npy", sizes)
    except BrokenProcessPool:
        return {}


def _evaluation(run: RunFolder, opening: Opening) -> EpochEvaluation | None:
    """What is known of these weights; None = nothing."""
    return run.read_results().evaluated(opening.epoch) if run.is_finished else None


def _cell(
    runtime: Runtime,
    size: Size,
    timed: Mapping[str, Timed],
    *,
    accuracy: float,
    memory: float | None,
    energy: float | None,
) -> Cell:
    (timesteps, batch), own, base = size, timed[runtime.name], timed.get(BASELINE)
    return Cell(
        runtime=runtime.name,
        timesteps=timesteps,
        batch=batch,
        wall_ms=own.wall,
        cpu_ms=own.cpu,
        rounds=own.rounds,
        per_second=1e3 * batch / own.wall.median,
        speedup=None if base is None else base.wall.median / own.wall.median,
        cpu_speedup=None if base is None else base.cpu.median / own.cpu.median,
        memory_mib=memory,
        accuracy=accuracy,
        energy_uj=energy,
    )
