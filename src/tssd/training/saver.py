"""Checkpoints of a run: of the last epoch, the best, and every so many."""

from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint, EarlyStopping, Timer

from tssd.errors import DataError
from tssd.runs.folder import RunFolder
from tssd.runs.results import EarlyStop
from tssd.runs.saved import load_checkpoint
from tssd.training.callbacks import MetricsTable

# Where a checkpoint says that training was stopped before its planned length.
STOPPED = "stopped"
# Where nothing else is known of why.
ASKED = "a callback asked for it"


class Saver(Checkpoint):
    """Saves the last epoch and, where there are validation samples, the best so far.

    Of equally good epochs the first is kept. What was best before is read off the table, which
    travels in the checkpoint: a resumed run never replaces its best epoch by a worse one.
    Lightning calls this after all other callbacks, so that their state is that of the epoch.

    If another callback has stopped training, the checkpoint says so: a run that is resumed from it,
    because it was killed before its evaluation, is not trained further, unless it is to be longer.

    Args:
        table: the metrics of all epochs.
        run: the folder.
        every: epochs from one checkpoint that is kept for good to the next; 0 = none is.
    """

    def __init__(self, table: MetricsTable, run: RunFolder, *, every: int = 0) -> None:
        self.table = table
        self.run = run
        self.every = every

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save (validation has run by now)."""
        seen = [row.get("val/accuracy") for row in self.table.rows]
        best_before = max((score for score in seen[:-1] if score is not None), default=-1.0)
        # The best goes first: a run killed between the two repeats the epoch and saves it again.
        if seen and seen[-1] is not None and seen[-1] > best_before:
            trainer.save_checkpoint(self.run.best, weights_only=False)
        epoch = trainer.current_epoch + 1
        if self.every and epoch % self.every == 0:
            trainer.save_checkpoint(self.run.kept(epoch), weights_only=False)
        trainer.save_checkpoint(self.run.last, weights_only=False)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Note that training is over, if a callback has said so."""
        if trainer.should_stop:
            checkpoint[STOPPED] = {"planned": trainer.max_epochs, "reason": _reason(trainer)}

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Do not go on where training is over."""
        said = checkpoint.get(STOPPED)
        if said is not None and said["planned"] == trainer.max_epochs:
            trainer.should_stop = True


def refuse_lost_best(run: RunFolder) -> None:
    """Refuse to go on without the checkpoint of the best epoch: no later one need be better.

    Raises: DataError: an epoch was validated, and the best is not there; or the last is damaged.
    """
    if run.best.exists() or not run.last.exists():
        return
    table = load_checkpoint(run.last)["callbacks"].get(MetricsTable.__qualname__)
    rows = table.get("rows", ()) if isinstance(table, dict) else ()
    if any("val/accuracy" in row for row in rows):
        raise DataError(
            f"{run.best}: no checkpoint, though an epoch was validated and saved as the best; its "
            "results are among those of a run, so put it back, or train into another --output"
        )


def stop_of(checkpoint: Path, *, planned: int) -> EarlyStop | None:
    """Why there are fewer epochs than planned; None = there are as many.

    Args:
        checkpoint: of the last epoch.
        planned: epochs.
    Raises: DataError: missing or damaged.
    """
    content = load_checkpoint(checkpoint)
    if content["epoch"] + 1 == planned:
        return None
    return EarlyStop(planned, content.get(STOPPED, {}).get("reason", ASKED))


def _reason(trainer: Trainer) -> str:
    for callback in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue]
        if isinstance(callback, EarlyStopping) and callback.stopping_reason_message:
            message = callback.stopping_reason_message.removesuffix(" Signaling Trainer to stop.")
            return f"{type(callback).__name__}: {message}"
        if isinstance(callback, Timer) and (callback.time_remaining() or 1) <= 0:
            return f"{type(callback).__name__}: the time that it was given is over"
    return ASKED
