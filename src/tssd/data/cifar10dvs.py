"""CIFAR10-DVS, as data for a network."""

from dataclasses import KW_ONLY, dataclass
from typing import get_args

from tssd.data.base import require
from tssd.data.events import EventData
from tssd.events.datasets.cifar10dvs import CIFAR10DVSFiles, SplitRule
from tssd.events.formats.aedat2 import Orientation


@dataclass(eq=False)
class CIFAR10DVS(EventData):
    """CIFAR10-DVS: 10,000 recordings of about 1.3 s, 128x128 pixels, 10 classes.

    Read from <class>/cifar10_<class>_<n>.aedat (AEDAT 2.0), from the ten archives airplane.zip to
    truck.zip as downloaded, or from SpikingJelly's events_np/.

    Args:
        size: Side in cells of the square frames; null keeps 128 pixels.
        rule: Which tenth of each class is the test part.
        orientation: How the camera's picture is turned: as SpikingJelly does, or as MLF's code.
    """

    folder: str = "CIFAR10DVS"
    _: KW_ONLY
    size: int | None = 48
    rule: SplitRule = "numeric"
    orientation: Orientation = "spikingjelly"

    def __post_init__(self) -> None:
        super().__post_init__()
        rules, ways = get_args(SplitRule), get_args(Orientation)
        require(self.rule in rules, "rule", self.rule, " or ".join(rules))
        require(self.orientation in ways, "orientation", self.orientation, " or ".join(ways))

    @property
    def event_files(self) -> CIFAR10DVSFiles:
        """How the files of the data set are found and read."""
        return CIFAR10DVSFiles(self.rule, self.orientation)
