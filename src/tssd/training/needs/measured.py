"""What a run costs: a few real optimisation steps, measured, and what follows for a whole run."""

import math
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context
from typing import cast

import torch

from tssd.config import build, load_recipe
from tssd.dry_run.shapes import DataShape
from tssd.dry_run.stand_in import StandIn
from tssd.evaluation import evaluate
from tssd.models.base import SpikingNet
from tssd.processes import process_pool
from tssd.training.parts import Parts

# Timed steps after the first, and the seconds after which no more begin.
STEPS, BUDGET = 3, 5.0


@dataclass(frozen=True)
class Probe:
    """A measurement of one recipe at its own batch size and timesteps.

    Args:
        step: seconds an optimisation step.
        evaluation: seconds to evaluate a batch at the longest T, costs counted.
        memory: largest memory in bytes: CUDA's, or the whole process's on a CPU.
        device: where.
        batch: samples a batch.
        epochs: of the recipe.
        evaluated: the longest T of an evaluation.
        teacher: T_t, of validation.
    """

    step: float
    evaluation: float
    memory: int
    device: str
    batch: int
    epochs: int
    evaluated: int
    teacher: int

    def seconds(self, shape: DataShape) -> float | None:
        """Estimate of a whole run without loading its data; None where its size is unknown."""
        if shape.sizes is None:
            return None
        batches = {part: math.ceil(n / self.batch) for part, n in shape.sizes.items()}
        validation = batches["val"] * self.evaluation * self.teacher / self.evaluated
        # At the end the last epoch and the best are evaluated on the test samples.
        tests = 2 * batches["test"] * self.evaluation
        return self.epochs * (batches["train"] * self.step + validation) + tests


def probe(recipe: str, overrides: Sequence[tuple[str, str]]) -> Probe:
    """Measure a recipe whose data is a `StandIn`, in a process of its own.

    Raises: TssdError: the recipe cannot be built. MemoryError: the process was ended from outside,
        which is what happens where memory runs out.
    """
    # A server that forks has imported everything once; each probe starts with clean memory.
    method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    context = get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(["tssd.dry_run.fork_server", __name__])
    try:
        with process_pool(1, context) as submit:
            return submit(_measured, recipe, list(overrides)).result()
    except BrokenProcessPool:
        raise MemoryError(f"{recipe}: the probe was ended, probably for its memory") from None


def _measured(recipe: str, overrides: list[tuple[str, str]]) -> Probe:
    parts = build(load_recipe(recipe, overrides))
    if parts.trainer.threads:
        torch.set_num_threads(parts.trainer.threads)
    return measure(parts)


def measure(parts: Parts, *, steps: int = STEPS) -> Probe:
    """Take the first step, time the next ones and an evaluation; here, in this process.

    Args:
        parts: a run whose data is a `StandIn`.
        steps: timed ones; 0 times the first.
    Raises: DivergedError: the loss or a weight is not finite.
    """
    data, device = cast(StandIn, parts.data), parts.device
    x, y = (tensor.to(device) for tensor in data.batch())
    net, criterion = parts.net.to(device), parts.criterion.to(device)
    if parts.trainer.compile:
        net.compile()
    optimizer = parts.make_optimizer([*net.parameters(), *criterion.parameters()])
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(parts.trainer.precision)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()

    def step() -> float:
        began = time.perf_counter()
        with torch.autocast(device.type, dtype=half or torch.bfloat16, enabled=half is not None):
            total = criterion.run(cast(SpikingNet, net), x, y).total
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        total.item()  # waits for the device
        return time.perf_counter() - began

    net.train()
    taken, spent = [step()], 0.0
    while len(taken) <= steps and (len(taken) == 1 or spent < BUDGET) and taken[0] < 2 * BUDGET:
        taken.append(step())
        spent += taken[-1]
    # The first step also allocates and chooses kernels.
    timed = taken[1:] or taken
    longest = parts.evaluate_timesteps
    began = time.perf_counter()
    evaluate(cast(SpikingNet, net), [(x, y)], longest, criterion=criterion, device=device)
    return Probe(
        step=sum(timed) / len(timed),
        evaluation=time.perf_counter() - began,
        memory=peak_memory(device),
        device=torch.cuda.get_device_name() if device.type == "cuda" else device.type,
        batch=len(y),
        epochs=parts.trainer.epochs,
        evaluated=longest,
        teacher=criterion.timesteps.teacher,
    )


def peak_memory(device: torch.device) -> int:
    """Most bytes in use so far: allocated on a CUDA device, else resident in this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    # macOS counts bytes, Linux kilobytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
