"""The middle of a recording's picture: what a square of pixels saw."""

from dataclasses import replace

import numpy as np

from tssd.errors import UsageError
from tssd.events.stream import Events


def centre(events: Events, side: int | None) -> Events:
    """The events of the square of `side` pixels in the middle, which becomes the sensor.

    Where it cannot lie in the very middle, it lies half a pixel to the left and up.

    Args:
        events: The recording.
        side: Pixels; None leaves the recording as it is.

    Raises:
        UsageError: The sensor is smaller.
    """
    if side is None:
        return events
    if not 1 <= side <= min(events.height, events.width):
        raise UsageError(
            f"data.crop: got {side}, but the sensor has {events.width}x{events.height} pixels; "
            f"give 1 to {min(events.height, events.width)}"
        )
    top, left = (events.height - side) // 2, (events.width - side) // 2
    # Unsigned, so that what lies before the square is far behind it.
    x, y = events.x - np.uint16(left), events.y - np.uint16(top)
    inside = (x < side) & (y < side)
    return replace(
        events,
        t=events.t[inside],
        x=x[inside],
        y=y[inside],
        p=events.p[inside],
        height=side,
        width=side,
    )
