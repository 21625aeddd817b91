"""Everything that the recordings of one simulated data set have in common."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.events.stream import Events
from tssd.simulate.camera import DVS128, DvsCamera
from tssd.simulate.movement import ClosedLoop
from tssd.simulate.recording import FULL_DURATION, check_duration, check_seed, simulate
from tssd.simulate.scene import Monitor


@dataclass(frozen=True)
class Setup:
    """A camera before a monitor, set up once for a whole data set.

    Args:
        camera: the sensor.
        movement: how the images move.
        monitor: the display.
        duration: length of each recording in milliseconds.
        seed: seed of the data set, >= 0.

    Raises:
        UsageError: The duration or the seed is out of range.
    """

    camera: DvsCamera = DVS128
    movement: ClosedLoop = field(default_factory=ClosedLoop)
    monitor: Monitor = field(default_factory=Monitor)
    duration: float = FULL_DURATION
    seed: int = 0

    def __post_init__(self) -> None:
        check_duration(self.duration)
        check_seed("seed", self.seed)

    def record(self, image: NDArray[np.uint8], number: int) -> Events:
        """Record an image, uint8 [H, W] or [3, H, W], as recording `number` of the data set."""
        return simulate(
            image,
            self.camera,
            self.movement,
            duration=self.duration,
            seed=self.seed,
            number=number,
            monitor=self.monitor,
        )

    def description(self) -> dict[str, Any]:
        """All parameters with their values, for a note beside the files."""
        return asdict(self)
