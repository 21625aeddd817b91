"""What training starts with: weights of another one, frozen parts, callbacks."""

import logging
from typing import NamedTuple

from lightning.pytorch.callbacks import Callback, ProgressBar, Timer

from tssd.runs.folder import RunFolder
from tssd.training.callbacks import MetricsTable, SeedEachEpoch, StepMetrics
from tssd.training.clock import TrainingClock
from tssd.training.frozen_parts import KeepFrozen, freeze
from tssd.training.parts import Parts
from tssd.training.progress_line import Progress, can_draw
from tssd.training.refusals import note_used, refuse_unfit
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
    Raises: UsageError: weights of another network, a name of nothing, or as `refuse_unfit`.
        DataError: weights that are not there, or damaged.
    """
    refuse_unfit(parts, resumes=resumes)
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
    note_used(own)
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
