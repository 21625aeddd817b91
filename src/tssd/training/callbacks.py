"""What happens around the epochs: random numbers, a table of metrics, metrics of single steps."""

import csv
from pathlib import Path
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer, seed_everything

from tssd.atomic import write_atomically
from tssd.errors import UsageError
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
        mixed = torch.Generator().manual_seed(self.seed * 1_000_003 + trainer.current_epoch)
        # One draw for each process: of the number itself the generator takes 32 bits alone.
        seeds = torch.randint(2**31, (self.rank + 1,), generator=mixed)
        seed_everything(int(seeds[-1]), verbose=False)


class MetricsTable(Callback):
    """Writes one row an epoch to a CSV file; a resumed run continues the table.

    `lr`, `weight/TERM` and `progress/MODULE.name` are the learning rate, the weights and what else
    changes over training, as the epoch began with them; `lr/xFACTOR` is the rate of parameters that
    take a share of it. Loggers get them too. `seconds` is how long training had taken at the end of
    the epoch, without validation. The rows travel in the checkpoint, so that the file always agrees
    with the weights. An epoch without validation has no numbers of one.

    Args:
        path: of the CSV file; None = another process writes it.
        clock: that tells the seconds.
    """

    def __init__(self, path: Path | None, clock: TrainingClock) -> None:
        self.path = path
        self.clock = clock
        self.rows: list[dict[str, float]] = []
        self._begun_with: dict[str, float] = {}
        self._validated = False

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the learning rate, the weights of the terms and what else changes."""
        self._validated = False
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

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note that what the trainer knows of validation is of this epoch."""
        self._validated = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add this epoch's row (validation has run by now).

        Raises: UsageError: a callback has stopped training before the epoch was over.
        """
        if not trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
            raise UsageError(
                f"callbacks: one stopped training in the midst of epoch {trainer.current_epoch + 1}"
                "; let it stop where an epoch ends (Timer: interval epoch); finished epochs are "
                "kept"
            )
        row: dict[str, float] = {"epoch": trainer.current_epoch, **self._begun_with}
        metrics = {k: float(v) for k, v in trainer.callback_metrics.items() if "/" in k}
        known = {k: v for k, v in metrics.items() if self._validated or not k.startswith("val/")}
        row |= dict(sorted(known.items()))
        if (seconds := self.clock.seconds) is not None:
            row["seconds"] = round(seconds, 3)
        self.rows.append(row)
        self.write()

    def write(self) -> None:
        """Write the file, if this process does."""
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
    """The rate of the first group that has one, and by their share of it those of others."""
    rates = [group["lr"] for group in groups]
    # As they were before the schedule, which may come to 0.
    initial = [group.get("initial_lr", group["lr"]) for group in groups]
    # Nothing is a share of a rate of 0.
    first = next((n for n, own in enumerate(initial) if own), 0)
    others = {
        f"lr/x{own / initial[first]:.3g}": rate
        for rate, own in zip(rates, initial, strict=True)
        if own != initial[first]
    }
    return {"lr": rates[first]} | others


class StepMetrics(Callback):
    """Tells the loggers the loss and its terms of single steps, as `step/loss` and `step/TERM`.

    The means of an epoch, which they get besides, are `train/loss` and `train/TERM`.

    Args:
        every: steps from one to the next.
    """

    def __init__(self, every: int) -> None:
        self.every = every
        self._told = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tell, if a step is over and it is one of those."""
        step = trainer.global_step
        if step == self._told or step % self.every:
            return
        self._told = step
        terms = cast(DistillModule, pl_module).terms
        metrics = {f"step/{name}": float(value) for name, value in terms.items()}
        for logger in trainer.loggers:
            logger.log_metrics(metrics, step=step)
