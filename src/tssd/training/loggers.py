"""TensorBoard, where it is installed; metrics.csv is written in any case."""

import logging
from importlib.util import find_spec

from lightning.pytorch.loggers import Logger, TensorBoardLogger

from tssd.runs.folder import RunFolder

log = logging.getLogger("tssd")


def loggers(run: RunFolder) -> list[Logger]:
    """TensorBoard's, in the run folder, or none."""
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
