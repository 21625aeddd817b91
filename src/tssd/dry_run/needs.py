"""What the run of a recipe needs: found out without its data, and without writing anything."""

import logging
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing import get_all_start_methods, get_context
from typing import Any

from torch import nn

from tssd.config import build
from tssd.config.recipe import Config
from tssd.dry_run.estimate import Estimate
from tssd.dry_run.shapes import DataShape, data_shape, devices_of, with_stand_in
from tssd.processes import process_pool
from tssd.taught import untrained
from tssd.training.frozen_parts import freeze
from tssd.training.needs.least_memory import refuse_too_large
from tssd.training.needs.measured import Measured, measure

log = logging.getLogger("tssd")


@dataclass(frozen=True)
class Needs:
    """What a run needs.

    Args:
        data: its shape.
        parameters: of the network.
        exit_parameters: of the exits, which are trained with it and not shipped.
        timesteps: T_s, T_t and the longest T of an evaluation.
        terms: names of the objectives.
        epochs: of the run.
        measured: on this machine.
        devices: that share a batch; the measured step is what one of them does.
        untrained: options of the teachers that are trained before, which the numbers leave out.
        validated_every: epochs from one validation to the next.
    """

    data: DataShape
    parameters: int
    exit_parameters: int
    timesteps: tuple[int, int, int]
    terms: tuple[str, ...]
    epochs: int
    measured: Measured
    devices: int = 1
    untrained: tuple[str, ...] = ()
    validated_every: int = 1

    @property
    def estimate(self) -> Estimate | None:
        """Of a whole run; None where the number of samples is not known without the data."""
        if self.data.sizes is None:
            return None
        return Estimate.of(
            self.measured,
            self.data.sizes,
            self.data.batch_size,
            self.epochs,
            validated_every=self.validated_every,
            devices=self.devices,
        )

    def to_dict(self) -> dict[str, Any]:
        """Every number, times in seconds, memory in bytes."""
        estimate = self.estimate
        known = None if estimate is None else asdict(estimate) | {"seconds": estimate.seconds}
        return asdict(self) | {"estimate": known}


def needs_of(config: Config, shape: DataShape | None = None) -> Needs:
    """Take a few steps of training on random data of the right shape, in this process.

    Args:
        config: from `load_recipe`.
        shape: of its data; None = looked at now.
    Raises: UsageError: an option that is wrong, or a step that can't fit into memory. TssdError: as
        training.
    Side effects: as training, but nothing is written.
    """
    shape = shape or data_shape(config)
    with_data = with_stand_in(config, shape)
    parts = build(with_data)
    freeze(parts.net, parts.freeze)
    refuse_too_large(parts)
    waiting = untrained(with_data, parts, in_time=shape.events)
    for option in waiting:
        log.info("%s: is trained before the student, which is not in these numbers", option)
    counts = (_count(parts.net), _count(parts.criterion))
    steps = parts.criterion.timesteps
    return Needs(
        shape,
        *counts,
        timesteps=(steps.student, steps.teacher, parts.evaluate_timesteps),
        terms=tuple(parts.criterion.terms),
        epochs=parts.trainer.epochs,
        measured=measure(parts),
        devices=devices_of(config),
        untrained=tuple(waiting),
        validated_every=config["trainer"].get("check_val_every_n_epoch", 1),
    )


def needs_apart(config: Config, shape: DataShape) -> Needs:
    """The same in a process of its own, whose memory is that of this run alone.

    Raises: MemoryError: the process was ended from outside, which is what happens where memory
        runs out.
    """
    # A server that forks has imported everything once; each process starts with clean memory.
    method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    context = get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(["tssd.dry_run.fork_server", __name__])
    try:
        with process_pool(1, context) as submit:
            return submit(_quietly, config, shape).result()
    except BrokenProcessPool:
        raise MemoryError("the process was ended, probably for its memory") from None


def _quietly(config: Config, shape: DataShape) -> Needs:
    logging.disable(logging.INFO)  # Lightning is imported, and talks, in this process alone
    return needs_of(config, shape)


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
