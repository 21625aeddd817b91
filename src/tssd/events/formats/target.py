"""Files that appear whole or not at all, and the checks before they are written."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tssd.errors import DataError, UsageError
from tssd.events.stream import Events


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write to a temporary name beside `path`, then rename; after an error nothing is left.

    Raises:
        DataError: The folder is missing, or cannot be written, or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            with open(temporary, "xb") as file:
                yield file
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}): check that the folder exists, "
            "its rights, and the free space"
        ) from error


def require_fits(events: Events, *, form: str, latest: int, size: tuple[int, int]) -> None:
    """Refuse events that a format cannot hold, or that no reader would give back.

    Args:
        events: The recording.
        form: Name of the format.
        latest: Largest time stamp of the format, in microseconds.
        size: Rows and columns of its largest sensor.

    Raises:
        UsageError: Fields of different length, times below 0, above `latest` or falling,
            coordinates off the sensor, polarities other than 0 and 1.
    """
    lengths = {len(field) for field in (events.t, events.x, events.y, events.p)}
    if len(lengths) > 1:
        raise UsageError(f"t, x, y and p have {sorted(lengths)} entries: give one of each an event")
    if not len(events):
        return
    limits = {"t": latest, "y": size[0] - 1, "x": size[1] - 1, "p": 1}
    for field, limit in limits.items():
        values = getattr(events, field)
        lowest, highest = int(values.min()), int(values.max())
        if lowest < 0 or highest > limit:
            raise UsageError(
                f"events have {field} from {lowest} to {highest}, {form} holds 0 to {limit}: "
                "shift or cut them, or use another format"
            )
    if np.any(events.t[1:] < events.t[:-1]):
        raise UsageError("events are not in order of time: sort them before writing")
