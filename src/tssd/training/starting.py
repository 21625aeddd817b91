"""What training starts with: weights of another one, frozen parts, callbacks."""

import logging
from typing import NamedTuple

from lightning.pytorch.callbacks import Callback, EarlyStopping, ProgressBar, Timer

from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.training.callbacks import MetricsTable, SeedEachEpoch, StepMetrics
from tssd.training.clock import TrainingClock
from tssd.training.frozen_parts import KeepFrozen, freeze
from tssd.training.parts import Parts
from tssd.training.progress_line import Progress, can_draw
from tssd.training.saver import Saver
from tssd.training.silent_layers import SilentLayers

log = logging.getLogger("tssd")


class Around(NamedTuple):
    """The callbacks of a run in their order, and two that are asked afterwards."""

    callbacks: list[Callback]
    timer: Timer
    table: MetricsTable


def start_from(parts: Parts, *, resumes: bool) -> None:
    """Give the network the weights that it starts from, and freeze what is not to be trained.

    Args:
        parts: the run.
        resumes: whether a checkpoint has later weights.
    Raises: UsageError: weights of another network, a name of nothing, a callback that would stop
        at once or watches what there is not. DataError: weights that are not there, or damaged.
    """
    _refuse_callbacks(parts)
    freeze(parts.net, parts.freeze)
    if parts.init is not None and not resumes:
        log.info("%s", parts.init.put_into(parts.net, parts.criterion))


def around(parts: Parts, run: RunFolder, *, rank: int = 0) -> Around:
    """What is done around steps and epochs, the same in each process; the first alone writes.

    Args:
        parts: the run.
        run: its folder.
        rank: of this process.
    """
    own = parts.callbacks
    # There can be one: its state has a name, by which a resumed run finds it.
    timer = next((each for each in own if isinstance(each, Timer)), Timer())
    clock = TrainingClock()
    table = MetricsTable(None if rank else run.metrics, clock)
    made: list[Callback] = [timer, clock, SeedEachEpoch(parts.seed, rank=rank)]
    made += [each for each in own if each is not timer]
    if frozen := freeze(parts.net, parts.freeze):
        made.append(KeepFrozen(frozen))
    if parts.trainer.log_every_n_steps and not rank:
        made.append(StepMetrics(parts.trainer.log_every_n_steps))
    made += [table, Saver(table, run, every=parts.trainer.checkpoint_every_n_epochs)]
    if parts.trainer.progress and not rank and not any(isinstance(c, ProgressBar) for c in own):
        made.append(Progress(table, draw=can_draw()))
    if not rank and not parts.trainer.compile:
        made.append(SilentLayers())
    return Around(made, timer, table)


def _refuse_callbacks(parts: Parts) -> None:
    """What Lightning would tell after the first epoch, or not at all."""
    known = {"train/loss", *(f"train/{name}" for name in parts.criterion.terms)}
    if parts.data.split_sizes["val"]:
        steps = parts.criterion.timesteps.teacher
        known |= {"val/accuracy", "val/loss", *(f"val/accuracy_t{t + 1}" for t in range(steps))}
    # Callbacks of one's own may log more.
    all_known = all(type(each).__module__.startswith("lightning.") for each in parts.callbacks)
    for each in parts.callbacks:
        if not isinstance(each, EarlyStopping):
            continue
        name = type(each).__name__
        if all_known and each.strict and each.monitor not in known:
            raise UsageError(
                f"callbacks: {name} watches {each.monitor!r}, but what is logged is "
                f"{', '.join(sorted(known))}; give one of these as its monitor"
            )
        if each.monitor.startswith("val/accuracy") and each.mode == "min":
            raise UsageError(
                f"callbacks: {name} watches {each.monitor} with mode min, which stops where it "
                "grows; give its mode: max"
            )
