"""What a format can hold, checked before a file is written."""

import numpy as np

from tssd.errors import UsageError
from tssd.events.stream import Events


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
