"""A run evaluated at each T with batch norm recalibrated at that T, for recalibrated.json."""

import copy
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from tssd.data.loading import evaluation_loader, one_line_failures
from tssd.errors import DataError
from tssd.evaluation import Evaluation, evaluate, recalibrate
from tssd.lock import locked
from tssd.models.base import SpikingNet
from tssd.reopened.open_run import OpenRun, Override, open_run
from tssd.reopened.same_data import ComparedData, compare_data
from tssd.runs.folder import RunFolder, write_json
from tssd.runs.recalibration import SAMPLES, Recalibration, Recalibrations
from tssd.runs.results import Epoch
from tssd.tracked import tracked
from tssd.training.parts import Parts
from tssd.training.step_errors import one_line_step_errors


def recalibrate_run(
    opened: OpenRun, compared: ComparedData, *, samples: int = SAMPLES
) -> Recalibration:
    """Evaluate at every T that the run's settings say, each with the statistics of that T.

    The statistics are those of training samples as training has shown them, augmented, which the
    weights were fitted to; of samples as they are stored they give less (docs/recalibration.md).

    Args:
        opened: the run; of its training samples only the chosen ones are loaded from now on.
        compared: its data beside that of training.
        samples: number of training samples, evenly spread over them; all, where there are fewer.
    Raises: DataError: there are no training samples, or samples or weights are damaged.
        UsageError: the network has no batch norm. Side effects: sets torch's threads where the run
        says how many.
    """
    parts, saved = opened.parts, opened.saved
    parts.trainer.use_threads()
    chosen = _choose(parts, samples)
    with one_line_failures(), one_line_step_errors(parts):
        every = range(1, parts.evaluate_timesteps + 1)
        shown = tracked(every, "recalibrate", progress=parts.trainer.progress)
        found = [_at(parts, t) for t in shown]
    last = found[-1]
    return Recalibration(
        epoch=None if saved.epoch is None else saved.epoch - 1,
        samples=last.samples,
        training_samples=chosen,
        accuracy=tuple(own.accuracy[-1] for own in found),
        nll=tuple(own.nll[-1] for own in found),
        calibration_error=tuple(own.calibration_error[-1] for own in found),
        # At threshold 0 every sample leaves.
        exits={
            tap: tuple(own.early_exit[tap].accuracy[0] for own in found) for tap in last.early_exit
        },
        split_hash=compared.now.split_hash,
        content_hash=compared.now.content_hash,
    )


def recalibration_of(
    path: Path,
    overrides: Sequence[Override] = (),
    *,
    epoch: Epoch | None = None,
    measuring: Callable[[], object] = lambda: None,
) -> Recalibration:
    """Of a finished run: what is kept beside its results, or else measured and kept there.

    Args:
        path: of the run folder.
        overrides: options of the data that differ here, such as where it is.
        epoch: whose weights; None = those that count.
        measuring: called before anything is measured.
    Raises: DataError: no such run or data, or something is damaged; the data is not that of
        training. UsageError: as `recalibrate_run`.
    """
    run = RunFolder.open(path)
    results = run.read_results()
    kept, evaluation = Recalibrations.read(run.recalibrated), results.evaluated(epoch)
    own = kept.of(evaluation, results.split_hash)
    if own is not None and own.training_samples == _usual(results.split_sizes):
        return own
    measuring()
    # At every T that the run was evaluated at.
    longest = ("trainer.evaluate_timesteps", str(len(evaluation.accuracy)))
    overrides = [*overrides, longest]
    opened = open_run(path, overrides, epoch=epoch)
    compared = compare_data(str(path), opened, overrides)
    if compared.same is False:
        raise DataError(
            f"{path}: its data is not that of training, so that nothing recalibrated belongs "
            "beside its results; give the data that it was trained on (--data.root)"
        )
    found = recalibrate_run(opened, compared)
    keep(run, found)
    return found


def keep(run: RunFolder, found: Recalibration) -> None:
    """Write it into the run folder, beside those of other epochs, which may be written just now."""
    lock = run.recalibrated.with_name(f".{run.recalibrated.name}.lock")
    with ExitStack() as stack:
        with suppress(OSError):  # where nothing can be written, writing says why
            stack.enter_context(locked(lock, on_wait=lambda: None))
        kept = Recalibrations.read(run.recalibrated)
        write_json(run.recalibrated, kept.having(found).to_dict())


def _usual(split_sizes: dict[str, int] | None) -> int:
    """Training samples that statistics are of, unless told otherwise."""
    return min(SAMPLES, (split_sizes or {}).get("train", SAMPLES))


def _choose(parts: Parts, samples: int) -> int:
    """Leave so many training samples in the data, which are loaded when asked for; their number."""
    train = parts.data.split.train
    if not len(train):
        raise DataError(
            f"{parts.data.dataset_name}: no training samples, which recalibrating needs; complete "
            "the data set, or evaluate without --recalibrate"
        )
    places = np.linspace(0, len(train) - 1, min(samples, len(train))).round().astype(int)
    parts.data.split = replace(parts.data.split, train=train[places])
    parts.data.setup("test")
    return len(places)


def _at(parts: Parts, timesteps: int) -> Evaluation:
    """An evaluation at T with the statistics of that T."""
    # Both at once: parts that they share stay shared.
    net, criterion = copy.deepcopy((parts.net, parts.criterion))
    data = parts.data
    training = evaluation_loader(
        data.dataset("train"), data.batch_size, num_workers=data.num_workers
    )
    recalibrate(net, training, timesteps, criterion=criterion, device=parts.device)
    return evaluate(
        cast(SpikingNet, net),
        data.test_dataloader(),
        timesteps,
        criterion=criterion,
        device=parts.device,
        costs=False,
    )
