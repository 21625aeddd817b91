"""Train into a run folder: the whole of it, top to bottom."""

import logging
import warnings
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback, Timer
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from tssd.errors import DataError
from tssd.evaluation import evaluate
from tssd.models.base import SpikingNet
from tssd.training.callbacks import BestAndLast, MetricsTable, SeedEachEpoch
from tssd.training.checkpoint import AtomicCheckpointIO
from tssd.training.environment import environment
from tssd.training.module import DistillModule
from tssd.training.parts import Parts
from tssd.training.progress import EpochLines, TermsBar, can_draw
from tssd.training.run_folder import (
    RunFolder,
    check_weights,
    save_weights,
    write_json,
)
from tssd.training.run_lock import alone
from tssd.training.saved import load_checkpoint, restore
from tssd.training.step_memory import refuse_too_large

log = logging.getLogger("tssd")


def fit(parts: Parts, folder: str | Path, *, resume: bool = False) -> dict[str, Any]:
    """Train, select the best epoch on the validation samples, evaluate on the test samples.

    Returns the content of results.json. A finished run is not trained again; while another process
    trains it, this one waits for that.

    Args:
        parts: the run.
        folder: the run folder.
        resume: whether to continue a run that was interrupted.
    Raises: UsageError: the folder holds a run and `resume` is off, or it holds another run; or a
        step can't fit into memory.
        DataError: a damaged checkpoint, or a full disk. DivergedError: the loss is not finite.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the last checkpoint is usable.
    Side effects: sets the process's seed, threads, and torch's deterministic algorithms.
    """
    run = RunFolder(Path(folder))
    if not run.results.exists():
        refuse_too_large(parts)
    if not run.config.exists():
        parts.data.setup()  # what is wrong with the images shows before there is a folder
    with alone(run.path):
        run.create(parts.config, resume=resume)
        return run.read_results() if run.results.exists() else _fit(parts, run)


def _fit(parts: Parts, run: RunFolder) -> dict[str, Any]:
    if parts.trainer.threads:
        torch.set_num_threads(parts.trainer.threads)
    write_json(run.environment, environment() | {"split_hash": parts.data.split_hash})

    module = parts.module()
    seconds = _train(module, parts, run)
    last_epoch = _evaluate(run.last, module, parts)
    # Without validation samples the last epoch counts as the best.
    best_epoch = _evaluate(run.best, module, parts) if run.best.exists() else last_epoch
    export(run, parts)
    results = {
        "description": parts.config["description"],
        "seed": parts.seed,
        "timesteps": parts.config["timesteps"],
        "dataset": parts.data.dataset_name,
        "split_hash": parts.data.split_hash,
        "split_sizes": parts.data.split_sizes,
        "parameters": sum(p.numel() for p in parts.net.parameters()),
        "epochs": parts.trainer.epochs,
        "train_seconds": round(seconds, 1),
        "best": best_epoch,
        "last": last_epoch,
    }
    write_json(run.results, results)
    return results


def export(run: RunFolder, parts: Parts) -> None:
    """Write the network without its checkpoint: weights, and the JSON that rebuilds it."""
    save_weights(run.weights, parts.net)
    if parts.criterion.taps:
        save_weights(run.exits, parts.criterion)
    data = parts.data
    description = {
        "net": parts.config["net"],
        "timesteps": parts.config["timesteps"],
        "class_names": list(data.class_names),
        "sample_shape": list(data.sample_shape),
        "mean": list(data.mean),
        "std": list(data.std),
    }
    write_json(run.model, description)


def _trainer(parts: Parts, run: RunFolder, timer: Timer) -> Trainer:
    settings = parts.trainer
    table = MetricsTable(run.metrics)
    saver = BestAndLast(table, best=run.best, last=run.last)
    callbacks: list[Callback] = [timer, SeedEachEpoch(parts.seed), table, saver]
    draws = settings.progress and can_draw()
    if settings.progress:
        callbacks.append(TermsBar(refresh_rate=5) if draws else EpochLines(table))
    return Trainer(
        max_epochs=settings.epochs,
        accelerator=parts.device.type,
        devices=1,
        precision=settings.precision,
        gradient_clip_val=settings.gradient_clip or None,
        callbacks=callbacks,
        plugins=[AtomicCheckpointIO()],
        logger=_loggers(run),
        enable_progress_bar=draws,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        deterministic=True,
    )


def _loggers(run: RunFolder) -> list[Logger]:
    # The CSV is ours (MetricsTable): Lightning's starts anew when a run is resumed.
    if find_spec("tensorboard") is None:
        log.info("TensorBoard logs are off; `pip install tensorboard` turns them on")
        return []
    return [_TensorBoard(run.path, name="tensorboard", version="")]


class _TensorBoard(TensorBoardLogger):
    """Closes once: a Ctrl-C in the middle of closing would make a second try wait for ever."""

    closed = False

    def finalize(self, status: str) -> None:
        if not self.closed:
            self.closed = True
            super().finalize(status)


def _train(module: DistillModule, parts: Parts, run: RunFolder) -> float:
    """Train from the last checkpoint, if there is one; seconds, earlier sessions included."""
    last = run.last if run.last.exists() else None
    if last is not None:
        check_weights(str(last), module, load_checkpoint(last)["state_dict"])
    if parts.trainer.compile:
        parts.net.compile()
    timer = Timer()
    with warnings.catch_warnings():
        # Advice on workers, logging intervals and validation: all are settings of the recipe.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*number of training batches.*")
        warnings.filterwarnings("ignore", message="Total length of `list` across ranks is zero.*")
        warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
        try:
            _trainer(parts, run, timer).fit(module, parts.data, ckpt_path=last)
        except SystemExit:
            # Lightning turns Ctrl-C and SIGTERM into an exit; the caller decides on the exit code.
            raise KeyboardInterrupt from None
        except OSError as error:  # from TensorBoard's writer
            raise DataError(
                f"{run.path}: {error}; check space and permissions, then continue with --resume"
            ) from error
    return timer.time_elapsed()


def _evaluate(checkpoint: Path, module: DistillModule, parts: Parts) -> dict[str, Any]:
    state = restore(checkpoint, module)
    module.to(parts.device)
    timesteps = parts.evaluate_timesteps
    # With the hooks that count spikes everything would be compiled once more, in small pieces.
    eager = torch.compiler.set_stance("force_eager") if parts.trainer.compile else nullcontext()
    with eager:
        evaluation = evaluate(
            cast(SpikingNet, parts.net),
            parts.data.test_dataloader(),
            timesteps,
            criterion=parts.criterion,
            report_at=min(parts.criterion.timesteps.student, timesteps),
            device=parts.device,
            progress=parts.trainer.progress,
        )
    return {"epoch": state["epoch"], **evaluation.to_dict()}
