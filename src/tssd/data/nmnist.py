"""N-MNIST, as data for a network."""

from dataclasses import dataclass

from tssd.data.events import EventData
from tssd.events.datasets.nmnist import NMNISTFiles


@dataclass(eq=False)
class NMNIST(EventData):
    """N-MNIST: 60,000 training and 10,000 test recordings of 0.3 s, 34x34 pixels, 10 classes.

    Read from Train/ and Test/ (5 bytes an event), from Train.zip and Test.zip as downloaded, or
    from SpikingJelly's events_np/.

    Args:
        size: Side in cells of the square frames; null keeps 34 pixels.
    """

    folder: str = "NMNIST"

    @property
    def event_files(self) -> NMNISTFiles:
        """How the files of the data set are found and read."""
        return NMNISTFiles()
