"""One process at a time trains a run; the others wait for it."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tssd.errors import DataError
from tssd.lock import Hold, locked

log = logging.getLogger("tssd")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a run's folder, made if missing, while the block runs.

    The folder itself is locked. A file beside it would need a name that fits and the right to write
    there; without it two processes would train one run.

    Raises: DataError: it cannot be locked.
    """

    def tell() -> None:
        log.warning("%s: another process trains this run; waiting for it", folder)

    with ExitStack() as stack:
        if _made(folder):
            try:
                hold = stack.enter_context(locked(folder, on_wait=tell, folder=True))
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


def _made(folder: Path) -> bool:
    """Whether there is a folder now: if not, whoever writes into it says why."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return True
