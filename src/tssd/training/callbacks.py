"""What happens around the epochs: fresh random numbers, and a table of metrics."""

import csv
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer, seed_everything

from tssd.training.checkpoint import write_atomically


class SeedEachEpoch(Callback):
    """Seeds all generators from (seed, epoch), so that a resumed run equals an uninterrupted one.

    Args:
        seed: the run's seed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Seed for this epoch."""
        mixed = torch.Generator().manual_seed(self.seed * 1_000_003 + trainer.current_epoch)
        seed_everything(int(torch.randint(2**31, (), generator=mixed)), verbose=False)


class MetricsTable(Callback):
    """Writes one row an epoch to a CSV file; a resumed run continues the table.

    The rows travel in the checkpoint, so that the file always agrees with the weights.

    Args:
        path: of the CSV file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add this epoch's row (validation has run by now)."""
        row: dict[str, float] = {"epoch": trainer.current_epoch}
        row["lr"] = trainer.optimizers[0].param_groups[0]["lr"]
        metrics = {k: float(v) for k, v in trainer.callback_metrics.items() if "/" in k}
        self.rows.append(row | dict(sorted(metrics.items())))
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
