"""From an image to a recording: monitor, movement, pixels, noise and time stamps."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError
from tssd.events.stream import Events
from tssd.simulate.camera import NOISE_STREAM, DvsCamera
from tssd.simulate.movement import US_PER_MS
from tssd.simulate.noise import background, outlast
from tssd.simulate.pixels import fire, in_order, joined
from tssd.simulate.scene import Monitor, Scene

# Milliseconds, the length of a CIFAR10-DVS recording.
FULL_DURATION = 1300.0

# Milliseconds. A time stamp of AEDAT 2.0 is a signed 32-bit number of microseconds.
LONGEST = 2_147_483.0


class Movement(Protocol):
    """A way for the image to move."""

    def times(self, duration: float) -> NDArray[np.float64]:
        """Moments to render, in microseconds [F], the last not before `duration` (ms)."""
        ...

    def offsets(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Offsets to the right and down, in sensor pixels, [F] -> [F, 2]."""
        ...


def check_duration(duration: float) -> None:
    """Refuse a duration in milliseconds that no recording can have.

    Raises:
        UsageError: It is not above 0, or too long for the time stamps.
    """
    if not 0 < duration <= LONGEST:
        raise UsageError(
            f"duration is {duration} ms, expected more than 0 and at most {LONGEST:.0f}: give "
            f"{FULL_DURATION:.0f} for a recording as long as the original"
        )


def check_seed(name: str, value: int) -> None:
    """Refuse a seed, or another number that chooses random numbers, below 0.

    Raises:
        UsageError: It is.
    """
    if value < 0:
        raise UsageError(f"{name} is {value}, expected 0 or more: give 0")


def simulate(
    image: NDArray[np.uint8],
    camera: DvsCamera,
    movement: Movement,
    *,
    duration: float = FULL_DURATION,
    seed: int = 0,
    number: int = 0,
    monitor: Monitor | None = None,
) -> Events:
    """Record an image that moves on a monitor; the same arguments give the same events.

    Args:
        image: uint8 [H, W] or [3, H, W]; the shorter side fills the sensor.
        camera: the sensor.
        movement: how the image moves.
        duration: length in milliseconds; all time stamps lie below it.
        seed: seed of the data set: of the sensor's mismatch and, with `number`, of the noise.
        number: which recording of the data set it is, >= 0.
        monitor: the display; None for the usual one.

    Raises:
        UsageError: A value is out of range.
    """
    check_duration(duration)
    check_seed("seed", seed)
    check_seed("number", number)
    luminance = (monitor or Monitor()).luminance(image)
    times = movement.times(duration)
    offsets = movement.offsets(times)
    scene = Scene(luminance, camera.size, reach=float(np.abs(offsets).max()))
    on, off = camera.thresholds(seed)
    frames = (scene.shifted(right, down) for right, down in offsets.tolist())
    t, pixel, p = fire(frames, times, on=on, off=off, lead=camera.lead(seed, number))
    if camera.noise_rate > 0:
        generator = np.random.default_rng([seed, NOISE_STREAM, number])
        noise = background(
            camera.noise_rate, duration * US_PER_MS, camera.size**2, generator=generator
        )
        t, pixel, p = in_order(*joined([(t, pixel, p), noise]))
    keep = outlast(t, pixel, refractory=camera.refractory)
    # Cutting last: what lies beyond the end has had no influence on anything before it.
    keep &= t < np.floor(duration * US_PER_MS)
    pixel = pixel[keep]
    row, column = np.divmod(pixel, camera.size)
    return Events(
        t=np.floor(t[keep]).astype(np.int64),
        x=column.astype(np.uint16),
        y=row.astype(np.uint16),
        p=p[keep],
        height=camera.size,
        width=camera.size,
    )
