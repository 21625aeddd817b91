"""One process at a time trains a run; the others wait for it."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tssd.errors import DataError
from tssd.lock import LOCK, Hold, locked

log = logging.getLogger("tssd")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a run's folder, made if missing, while the block runs.

    One that cannot be written is not held: whoever writes into it says why.

    Raises: DataError: it cannot be locked.
    """

    def tell() -> None:
        log.warning("%s: another process trains this run; waiting for it", folder)

    with ExitStack() as stack:
        if _can_be_written(folder):
            try:
                hold = stack.enter_context(locked(folder / LOCK, on_wait=tell))
            except OSError as error:
                raise DataError(
                    f"{folder}: cannot be locked against other processes ({error.strerror}); "
                    "check its rights, or choose another --output"
                ) from error
            if hold is Hold.UNSUPPORTED:
                log.warning(
                    "%s: no locks on this system; do not train this run twice at a time", folder
                )
        yield


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
