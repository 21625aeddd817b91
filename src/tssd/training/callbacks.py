"""What happens around the epochs: random numbers, a table of metrics, checkpoints."""

import csv
from pathlib import Path
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import Checkpoint

from tssd.atomic import write_atomically
from tssd.objectives import Objective
from tssd.training.clock import TrainingClock
from tssd.training.module import DistillModule


class SeedEachEpoch(Callback):
    """Seeds all generators from (seed, epoch), so that a resumed run equals an uninterrupted one.

    Args:
        seed: the run's seed.
        rank: of this process among those that train the run: each drops out other neurons.
    """

    def __init__(self, seed: int, *, rank: int = 0) -> None:
        self.seed = seed
        self.rank = rank

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Seed for this epoch."""
        number = self.seed * 1_000_003 + trainer.current_epoch + (self.rank << 44)
        mixed = torch.Generator().manual_seed(number)
        seed_everything(int(torch.randint(2**31, (), generator=mixed)), verbose=False)


class MetricsTable(Callback):
    """Writes one row an epoch to a CSV file; a resumed run continues the table.

    `lr`, `weight/TERM` and `progress/MODULE.name` are the learning rate, the weights and what else
    changes over training, as the epoch began with them; `lr/xFACTOR` is the rate of parameters that
    take a share of it. Loggers get them too. `seconds` is how long training had taken at the end of
    the epoch, without validation. The rows travel in the checkpoint, so that the file always agrees
    with the weights.

    Args:
        path: of the CSV file; None = another process writes it.
        clock: that tells the seconds.
    """

    def __init__(self, path: Path | None, clock: TrainingClock) -> None:
        self.path = path
        self.clock = clock
        self.rows: list[dict[str, float]] = []
        self._begun_with: dict[str, float] = {}

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the learning rate, the weights of the terms and what else changes."""
        module = cast(DistillModule, pl_module)
        answers = module.tell_progress()
        terms = {name: cast(Objective, term) for name, term in module.criterion.terms.items()}
        self._begun_with = {
            **_rates(trainer.optimizers[0].param_groups),
            **{f"weight/{name}": float(term.current_weight) for name, term in terms.items()},
            **{f"progress/{name}": value for name, value in answers.items()},
        }
        for logger in trainer.loggers:
            logger.log_metrics(self._begun_with, step=trainer.global_step)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add this epoch's row (validation has run by now)."""
        row: dict[str, float] = {"epoch": trainer.current_epoch, **self._begun_with}
        metrics = {k: float(v) for k, v in trainer.callback_metrics.items() if "/" in k}
        row |= dict(sorted(metrics.items()))
        if (seconds := self.clock.seconds) is not None:
            row["seconds"] = round(seconds, 3)
        self.rows.append(row)
        if self.path is not None:
            write_atomically(self.path, self._write)

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The rows of the checkpoint."""
        self.rows = state_dict["rows"]

    def _write(self, path: Path) -> None:
        columns = list(dict.fromkeys(column for row in self.rows for column in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)


def _rates(groups: list[dict[str, Any]]) -> dict[str, float]:
    """The learning rate of the first group, and by their share of it those of others."""
    rate, *others = (group["lr"] for group in groups)
    # As they were before the schedule, which may come to 0.
    first, *initial = (group.get("initial_lr", group["lr"]) for group in groups)
    pairs = zip(others, initial, strict=True)
    return {"lr": rate} | {f"lr/x{own / first:.3g}": now for now, own in pairs if own != first}


class BestAndLast(Checkpoint):
    """Saves the last epoch and, where there are validation samples, the best so far.

    Of equally good epochs the first is kept. What was best before is read off the table, which
    travels in the checkpoint: a resumed run never replaces its best epoch by a worse one.
    Lightning calls this after all other callbacks, so that their state is that of the epoch.

    Args:
        table: the metrics of all epochs.
        best: path of the best epoch's checkpoint.
        last: path of the last epoch's.
    """

    def __init__(self, table: MetricsTable, *, best: Path, last: Path) -> None:
        self.table = table
        self.best = best
        self.last = last

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save (validation has run by now)."""
        seen = [row["val/accuracy"] for row in self.table.rows if "val/accuracy" in row]
        # The best goes first: a run killed between the two repeats the epoch and saves it again.
        if seen and seen[-1] > max(seen[:-1], default=-1.0):
            trainer.save_checkpoint(self.best, weights_only=False)
        trainer.save_checkpoint(self.last, weights_only=False)
