"""The event camera: when a pixel fires, and how far its pixels differ from each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

# One number per purpose keeps the random streams of one seed independent of each other.
MISMATCH_STREAM = 1
NOISE_STREAM = 2
LEAD_STREAM = 3

# The address of an AEDAT 2.0 event has seven bits a coordinate.
LARGEST = 128

# In log intensity; no sensor resolves less, and float32 hardly does.
LEAST_THRESHOLD = 0.01

# A pixel that mismatch would make more sensitive than this share of the nominal threshold is held
# there: a threshold near zero would fire without end.
LEAST_SHARE = 0.1


@dataclass(frozen=True)
class DvsCamera:
    """A square event camera whose pixels compare log intensity with that of their last event.

    The defaults are an ideal camera; `DVS128` has the figures of the real one.

    Args:
        threshold_on: rise in natural log intensity for an ON event, >= 0.01.
        threshold_off: fall in natural log intensity for an OFF event, >= 0.01.
        mismatch: standard deviation of both thresholds from pixel to pixel, in log intensity.
        refractory: time in microseconds after an event in which the pixel is silent.
        noise_rate: events a second and pixel without any change, half of them ON.
        size: rows and columns of the sensor, 1 to 128.
        running: the camera has watched before the recording begins, so every pixel is somewhere on
            its way to the next event; else all have just fired, and the first events take a while.

    Raises:
        UsageError: A value is out of range.
    """

    threshold_on: float = 0.3
    threshold_off: float = 0.3
    mismatch: float = 0.0
    refractory: float = 0.0
    noise_rate: float = 0.0
    size: int = 128
    running: bool = False

    def __post_init__(self) -> None:
        for field in ("threshold_on", "threshold_off"):
            if not LEAST_THRESHOLD <= getattr(self, field) < np.inf:
                raise UsageError(
                    f"camera {field} is {getattr(self, field)}, expected a change of log intensity "
                    f"of {LEAST_THRESHOLD} or more: give about 0.1 to 0.5"
                )
        for field in ("mismatch", "refractory", "noise_rate"):
            if not 0 <= getattr(self, field) < np.inf:
                raise UsageError(
                    f"camera {field} is {getattr(self, field)}, expected 0 or more: give 0 for none"
                )
        if not 1 <= self.size <= LARGEST:
            raise UsageError(
                f"camera size is {self.size}, expected 1 to {LARGEST} pixels: give {LARGEST}"
            )

    def thresholds(self, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """ON and OFF threshold of each pixel, float32 [size * size] each.

        They depend on the seed alone: one camera made all recordings of a data set.
        """
        nominal = np.array([[self.threshold_on], [self.threshold_off]])
        generator = np.random.default_rng([seed, MISMATCH_STREAM])
        spread = self.mismatch * generator.standard_normal((2, self.size * self.size))
        on, off = np.maximum(nominal + spread, LEAST_SHARE * nominal).astype(np.float32)
        return on, off

    def lead(self, seed: int, number: int) -> NDArray[np.float32] | None:
        """How far each pixel is from its last event when recording `number` begins, [size * size].

        In log intensity, anywhere between the thresholds; None if the camera is not running.
        """
        if not self.running:
            return None
        on, off = self.thresholds(seed)
        share = np.random.default_rng([seed, LEAD_STREAM, number]).uniform(0.001, 0.999, len(on))
        return (share * (on + off) - off).astype(np.float32)


# Mismatch (2.1 % contrast) and noise are those that Lichtsteiner, Posch and Delbruck (IEEE JSSC
# 2008) measured for this camera; the thresholds are chosen, see docs/simulated-events.md.
DVS128 = DvsCamera(mismatch=0.021, noise_rate=0.05, running=True)
