"""DVS-Gesture, as data for a network."""

from dataclasses import KW_ONLY, dataclass

from tssd.data.events import EventData
from tssd.events.datasets.dvsgesture import DVSGestureFiles


@dataclass(eq=False)
class DVSGesture(EventData):
    """DVS-Gesture: 1,176 training and 288 test recordings of about 6 s, 128x128 pixels, 11 classes.

    Read from the folder DvsGesture/ (AEDAT 3.1, tables of labels, lists of trials), from
    DvsGesture.tar.gz as downloaded, or from SpikingJelly's events_np/.

    Args:
        slicing: How recordings are cut into timesteps; null: 30 ms each from the first event on.
        size: Side in cells of the square frames; null keeps 128 pixels.
    """

    folder: str = "DVSGesture"
    _: KW_ONLY
    size: int | None = 32

    @property
    def event_files(self) -> DVSGestureFiles:
        """How the files of the data set are found and read."""
        return DVSGestureFiles()
