"""Train into a run folder: the whole of it, top to bottom."""

import logging
from pathlib import Path

from tssd.data.loading import one_line_failures
from tssd.errors import DataError, UsageError
from tssd.runs.folder import RunFolder
from tssd.runs.folder_place import refuse_name
from tssd.runs.results import EpochEvaluation, Results, TrainedSteps
from tssd.runs.saved import load_checkpoint, restore
from tssd.runs.training_cost import TrainingCost, seconds_to_levels, training_operations
from tssd.runs.training_lock import alone
from tssd.runs.weights import check_weights, save_weights
from tssd.runs.which_epoch import Selected, refuse_unseen, select
from tssd.training.beginning import begin, refuse_other_data
from tssd.training.callbacks import MetricsTable
from tssd.training.evaluating import evaluate_parts
from tssd.training.group import Leader, follow
from tssd.training.loggers import loggers
from tssd.training.module import DistillModule
from tssd.training.needs.least_memory import refuse_too_large
from tssd.training.needs.timeless import trains_without_time
from tssd.training.parts import Parts
from tssd.training.place import place, refuse_place
from tssd.training.precision import settle_precision
from tssd.training.refusals import refuse_short_schedule
from tssd.training.saver import refuse_lost_best, stop_of
from tssd.training.starting import around, start_from
from tssd.training.teachers import costs, introduce
from tssd.training.trainer import train

log = logging.getLogger("tssd")


def fit(
    parts: Parts, folder: str | Path, *, resume: bool = False, relength: bool = False
) -> Results:
    """Train, then evaluate the last epoch and the best on the validation samples on the test ones.

    Returns what results.json holds. A finished run is not trained again, unless it is to get
    more epochs; while another process trains it, this one waits for that, where it may resume. On
    several devices the program runs once for each; all but the first end here, when they have
    trained their share.

    Args:
        parts: the run.
        folder: the run folder.
        resume: whether to continue a run that was interrupted.
        relength: whether a resumed run may have another number of epochs than before.
    Raises: UsageError: the folder holds a run and `resume` is off, it holds another run, no run can
        have its name, a step can't fit into memory, no epoch is validated though the best is to
        count, a finished run has no checkpoint to go on from, or several devices can't train it
        here. DataError: a damaged checkpoint, data that has changed since the run began, a loading
        or another training process that ended, too little memory, or a full disk. DivergedError:
        the loss is not finite.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the last checkpoint is usable. SystemExit: see above.
    Side effects: sets the process's seed, threads, and torch's deterministic algorithms.
    """
    run = RunFolder(Path(folder))
    refuse_name(run.path)
    refuse_place(parts.trainer, parts.data)
    if place(parts.trainer).rank:
        follow(parts, run)
    if not resume:
        run.refuse_begun()  # not only when whoever may be training it has come to the end
    leader = Leader(parts)
    selected = select(
        parts.trainer.select,
        parts.data.split_sizes["val"],
        tested=parts.data.tests_on_validation,
    )
    if not run.is_finished:
        settings = parts.trainer
        refuse_unseen(selected, settings.check_val_every_n_epoch, epochs=settings.epochs)
        refuse_too_large(parts)
        introduce(parts)
        start_from(parts, resumes=run.last.exists())
    if not run.config.exists():
        parts.data.setup()  # what is wrong with the images shows before there is a folder
        refuse_short_schedule(parts)
    with leader.leading(), alone(run.path), one_line_failures():
        run.create(parts.config, resume=resume, relength=relength)
        if run.is_finished:
            results = run.read_results()
            # The split alone: to read all samples again would take long for nothing.
            refuse_other_data(run, {"split_hash": results.split_hash}, parts)
            if results.planned == parts.trainer.epochs:
                if results.selected != selected.epoch:
                    told = "%s: it is trained already, and its %s epoch counts (%s); the %s one is "
                    told += "shown by evaluate, compare and report with --epoch %s"
                    counts, why = results.selected, results.selected_because
                    log.warning(told, run.path, counts, why, selected.epoch, selected.epoch)
                return results
            _refuse_anew(run, results, parts.trainer.epochs)
        return _fit(parts, run, selected, leader)


def _refuse_anew(run: RunFolder, results: Results, epochs: int) -> None:
    """Refuse to make a finished run longer that has nothing to go on from: it would begin anew."""
    if not run.last.exists():
        raise UsageError(
            f"{run.path}: its results are those of {results.epochs} epochs, now trainer.epochs is "
            f"{epochs}, but {run.last.relative_to(run.path)}, from which it would go on, is not "
            "there; put it back, or train into another --output, where --init starts from the "
            "weights of this run"
        )


def _fit(parts: Parts, run: RunFolder, selected: Selected, leader: Leader) -> Results:
    refuse_lost_best(run)
    parts.trainer.use_threads()
    introduce(parts)
    settle_precision(parts, run)
    changes = begin(parts, run)
    if parts.trainer.sync_batch_norm and parts.trainer.processes == 1:
        told = "%s: trainer.sync_batch_norm changes nothing on one device, which sees whole batches"
        log.info(told, run.path)
    if parts.trainer.progress:
        samples, epochs = parts.data.split_sizes["train"], parts.trainer.epochs
        told = "%s: training on %s, %d samples for %d epochs"
        log.info(told, run.path, parts.device, samples, epochs)

    module = parts.module()
    seconds, table = _train(module, parts, run, leader)
    last_epoch = _evaluate(run.last, module, parts)
    stopped = stop_of(run.last, planned=parts.trainer.epochs)
    if stopped is not None:
        told = "%s: stopped after epoch %d of %d (%s)"
        log.info(told, run.path, _number(last_epoch), stopped.planned, stopped.reason)
    # Without validation the last epoch stands for the best.
    chosen = any("val/accuracy" in row for row in table.rows)
    if selected.epoch == "best" and not chosen:
        selected = Selected("last", "training ended before an epoch was validated")
        log.warning("%s: %s, so the last epoch counts", run.path, selected.reason)
    best_epoch = _evaluate(run.best, module, parts) if chosen else last_epoch
    restore(run.best if selected.epoch == "best" else run.last, module)
    sums = export(run, parts)
    timesteps = parts.criterion.timesteps
    results = Results(
        description=parts.config["description"],
        seed=parts.seed,
        timesteps=TrainedSteps(timesteps.student, timesteps.teacher),
        dataset=parts.data.dataset_name,
        split_hash=parts.data.split_hash,
        content_hash=parts.data.content_hash,
        split_sizes=parts.data.split_sizes,
        parameters=sum(p.numel() for p in parts.net.parameters()),
        epochs=_number(last_epoch),
        changes=changes,
        stopped=stopped,
        train_seconds=round(seconds, 1),
        training=_cost(parts, table, last_epoch),
        selected=selected.epoch,
        selected_because=selected.reason,
        best=best_epoch,
        last=last_epoch,
        sha256=sums,
    )
    run.write_results(results)
    return results


def export(run: RunFolder, parts: Parts) -> dict[str, str]:
    """Write the weights without their checkpoint; model.json rebuilds their network.

    Returns the SHA-256 of each file, by its name.
    """
    sums = {run.weights.name: save_weights(run.weights, parts.net)}
    if parts.criterion.taps:
        sums[run.exits.name] = save_weights(run.exits, parts.criterion)
    return sums


def _train(
    module: DistillModule, parts: Parts, run: RunFolder, leader: Leader
) -> tuple[float, MetricsTable]:
    """Train from the last checkpoint, if there is one; seconds, earlier sessions included."""
    last = run.last if run.last.exists() else None
    if last is not None:
        check_weights(str(last), module, load_checkpoint(last)["state_dict"])
    callbacks, timer, table = around(parts, run)
    try:
        with leader.together(resumes=last is not None) as share:
            train(
                module,
                parts,
                share=share,
                callbacks=callbacks,
                loggers=loggers(run, parts.loggers),
                # Not the run's own: a ModelCheckpoint may call its files as the run calls these.
                folder=run.path / "lightning",
                ckpt_path=last,
            )
    except OSError as error:  # from TensorBoard's writer
        raise DataError(
            f"{run.path}: {error}; check space and permissions, then continue with --resume"
        ) from error
    table.write()  # where nothing was left to train, too
    return timer.time_elapsed(), table


def _cost(parts: Parts, table: MetricsTable, evaluation: EpochEvaluation) -> TrainingCost:
    steps = 1 if trains_without_time(parts) else parts.criterion.timesteps.teacher
    return TrainingCost(
        network_steps=steps,
        operations=training_operations(
            evaluation,
            network_steps=steps,
            samples=parts.data.split_sizes["train"],
            epochs=_number(evaluation),
        ),
        seconds=table.rows[-1].get("seconds"),
        seconds_to=seconds_to_levels(table.rows),
        teachers=costs(parts, epochs=_number(evaluation)),
    )


def _number(found: EpochEvaluation) -> int:
    """Of an epoch, counted from 1."""
    return 1 + (found.epoch or 0)


def _evaluate(checkpoint: Path, module: DistillModule, parts: Parts) -> EpochEvaluation:
    state = restore(checkpoint, module)
    module.to(parts.device)
    return EpochEvaluation(epoch=state["epoch"], **vars(evaluate_parts(parts)))
