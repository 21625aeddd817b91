"""How far training is: a line that moves on a terminal or in a notebook, lines in a log."""

import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

from lightning import Callback, LightningModule, Trainer
from rich.console import Console

from tssd.training.callbacks import MetricsTable
from tssd.training.steps import Steps


def can_draw() -> bool:
    """Whether standard error shows a line that moves; in a file each step would be a line."""
    console = Console(stderr=True)
    return console.is_terminal or console.is_jupyter


class Progress(Callback):
    """`epoch 12/40, step 3/4, 0:31 left: ...` on standard error, all counted from 1.

    Drawn, it shows the terms of the last step and is drawn over, ten times a second at most. As
    lines, it shows the means of an epoch: of the first, the last, and some between. The time left
    is that of the steps left, at the pace of this session, validation included.

    Args:
        table: the metrics of all epochs; it comes before this among the callbacks.
        draw: whether to draw one line over and over.
        every: seconds between two lines in a log, at least.
        clock: seconds of a clock.
    """

    def __init__(
        self,
        table: MetricsTable,
        *,
        draw: bool,
        every: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.table = table
        self.draw = draw
        self.every = 0.1 if draw else every
        self.clock = clock
        self._shown: float | None = None
        self._width = 0
        self._begun, self._steps_before = 0.0, 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock; a terminal shows at once that something happens."""
        self._begun, self._steps_before = self.clock(), trainer.global_step
        if self.draw:
            self._draw(trainer, pl_module, "step 1")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Draw, if it is time."""
        last = batch_idx + 1 == trainer.num_training_batches
        if self.draw and (last or self._is_time()):
            self._draw(trainer, pl_module, f"step {_steps(trainer).of(batch_idx) + 1}")

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw, if it is time."""
        if self.draw and self._is_time():
            self._draw(trainer, pl_module, f"validation {batch_idx + 1}")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the table's newest row, if it is time."""
        is_last = trainer.current_epoch + 1 == trainer.max_epochs
        if self.draw or not (is_last or self._is_time()):
            return
        # The loss, its terms and the accuracy at T_s.
        words = [
            f"{name.removeprefix('train/')} {value:.3g}"
            for name, value in self.table.rows[-1].items()
            if name.startswith("train/") or name == "val/accuracy"
        ]
        head = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}{self._left(trainer)}"
        print(f"{head}: {', '.join(words)}", file=sys.stderr, flush=True)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the drawn line."""
        self.leave()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Leave the drawn line: what is said of the error stands in a line of its own."""
        self.leave()

    def leave(self) -> None:
        """End the drawn line, so that something else can be told below it."""
        if self._width:
            print(file=sys.stderr, flush=True)
        self._width = 0

    def _is_time(self) -> bool:
        now = self.clock()
        if self._shown is not None and now - self._shown < self.every:
            return False
        self._shown = now
        return True

    def _draw(self, trainer: Trainer, module: LightningModule, where: str) -> None:
        batches = _steps(trainer).number
        if where.startswith("validation"):
            batches = sum(int(n) for n in trainer.num_val_batches)
        shown = {name: float(value) for name, value in getattr(module, "terms", {}).items()}
        if self.table.rows:
            accuracy = self.table.rows[-1].get("val/accuracy")
            shown |= {} if accuracy is None else {"val/accuracy": accuracy}
        text = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}, {where}/{batches}"
        text += self._left(trainer) + (": " if shown else "")
        text += ", ".join(f"{name} {value:.3g}" for name, value in shown.items())
        # A line that is too long would not be drawn over but scroll.
        text = text[: shutil.get_terminal_size().columns - 1]
        print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = len(text)

    def _left(self, trainer: Trainer) -> str:
        done = trainer.global_step - self._steps_before
        left = int(trainer.max_epochs or 0) * _steps(trainer).number - trainer.global_step
        if done <= 0 or left <= 0:
            return ""
        return f", {clock_time((self.clock() - self._begun) / done * left)} left"


def _steps(trainer: Trainer) -> Steps:
    return Steps(int(trainer.num_training_batches), trainer.accumulate_grad_batches)


def clock_time(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any.

    >>> clock_time(31), clock_time(3661)
    ('0:31', '1:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
