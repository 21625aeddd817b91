"""How far training is: a bar on a terminal or in a notebook, lines in a log."""

import sys
import time
from collections.abc import Callable
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar
from rich.console import Console

from tssd.training.callbacks import MetricsTable


def can_draw() -> bool:
    """Whether standard output shows a bar that moves; in a file each step would be a line."""
    console = Console()
    return console.is_terminal or console.is_jupyter


class TermsBar(TQDMProgressBar):
    """Lightning's progress bar with the loss's terms of the last step."""

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, Any]:
        """What stands behind the bar."""
        shown = super().get_metrics(trainer, pl_module)
        terms = getattr(pl_module, "terms", {})
        return shown | {name: float(value) for name, value in terms.items()}


class EpochLines(Callback):
    """Lines on standard error with an epoch's means: the first, the last, and some between.

    Args:
        table: the metrics of all epochs; it comes before this among the callbacks.
        every: seconds between two lines, at least.
        clock: seconds of a clock.
    """

    def __init__(
        self,
        table: MetricsTable,
        *,
        every: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.table = table
        self.every = every
        self.clock = clock
        self._shown: float | None = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the table's newest row, if it is time."""
        now, done = self.clock(), trainer.current_epoch + 1
        is_early = self._shown is not None and now - self._shown < self.every
        if is_early and done != trainer.max_epochs:
            return
        self._shown = now
        # The loss's terms and the accuracy at T_s, as in the bar.
        words = [
            f"{name.removeprefix('train/')} {value:.3g}"
            for name, value in self.table.rows[-1].items()
            if name.startswith("train/") or name == "val/accuracy"
        ]
        print(f"epoch {done}/{trainer.max_epochs}: {', '.join(words)}", file=sys.stderr, flush=True)
