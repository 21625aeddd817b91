"""How long training has taken, without validation."""

import time
from collections.abc import Callable
from typing import Any

from lightning import Callback, LightningModule, Trainer


class TrainingClock(Callback):
    """Counts the seconds of training, all sessions together; it stands still during validation.

    Args:
        now: seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._before: float | None = 0.0  # of earlier sessions; None = not recorded
        self._running_since: float | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds so far; None = an earlier session, of another version, recorded none."""
        if self._before is None or self._running_since is None:
            return self._before
        return self._before + self._now() - self._running_since

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on from where the checkpoint stood."""
        if trainer.current_epoch and self._before == 0:
            self._before = None
        self._running_since = self._now()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop."""
        self._before, self._running_since = self.seconds, None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on."""
        self._running_since = self._now()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop."""
        self._before, self._running_since = self.seconds, None

    def state_dict(self) -> dict[str, Any]:
        """The seconds so far."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The seconds of the checkpoint."""
        self._before = state_dict["seconds"]
