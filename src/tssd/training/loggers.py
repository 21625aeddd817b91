"""Where metrics go besides metrics.csv: TensorBoard, where it is installed, or what a run names."""

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from lightning.pytorch.loggers import Logger, TensorBoardLogger

from tssd.errors import UsageError
from tssd.reading import one_line
from tssd.runs.folder import RunFolder
from tssd.signals import signals_later

log = logging.getLogger("tssd")

# Makes a logger for the run in a folder.
MakeLogger = Callable[[Path], Logger]


def loggers(run: RunFolder, wanted: Sequence[Logger | MakeLogger] | None = None) -> list[Logger]:
    """The loggers of a run, ready to be written to.

    Args:
        run: its folder.
        wanted: loggers, or what makes one; None = TensorBoard's, in the run folder, if there is it.
    Raises: UsageError: a logger can't be made or reached.
    """
    if wanted is not None:
        return [_ready(each, run) for each in wanted]
    # The CSV is ours (MetricsTable): Lightning's starts anew when a run is resumed.
    if find_spec("tensorboard") is None:
        log.info("TensorBoard logs are off; `pip install tensorboard` turns them on")
        return []
    return [_TensorBoard(run.path, name="tensorboard", version="")]


def _ready(wanted: Logger | MakeLogger, run: RunFolder) -> Logger:
    try:
        made = wanted if isinstance(wanted, Logger) else wanted(run.path)
        # What can't be reached, or asks for a key, does so now and not in the midst of training.
        _ = getattr(made, "experiment", None)
    except (UsageError, OSError):
        raise
    except Exception as error:  # each library has its own
        name = type(wanted).__name__ if isinstance(wanted, Logger) else "it"
        raise UsageError(f"logger: {name} can't be used ({one_line(error)})") from error
    return made


class _TensorBoard(TensorBoardLogger):
    """Hears signals between two writings, and closes once.

    Its thread writes what a queue holds. An exception while something is put there makes the thread
    miss what comes next for two minutes, which closing waits for; one in the middle of closing
    would make a second try wait for ever.
    """

    closed = False

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        with signals_later():
            super().log_metrics(metrics, step)

    def save(self) -> None:
        with signals_later():
            super().save()

    def finalize(self, status: str) -> None:
        if not self.closed:
            self.closed = True
            with signals_later():
                super().finalize(status)
