"""N-Caltech101, as data for a network."""

from dataclasses import KW_ONLY, dataclass

from tssd.data.events import EventData
from tssd.events.datasets.ncaltech101 import NCaltech101Files


@dataclass(eq=False)
class NCaltech101(EventData):
    """N-Caltech101: 8,709 recordings of 0.3 s, up to 240x180 pixels, 101 classes.

    Read from Caltech101/<class>/image_<n>.bin (5 bytes an event), from Caltech101.zip as
    downloaded, or from SpikingJelly's events_np/. Every recording lies on the sensor's whole
    180x240 pixels, whatever part of them it uses; the frames are square.

    Args:
        size: Side in cells of the square frames; null keeps all 180x240 pixels.
    """

    folder: str = "NCaltech101"
    _: KW_ONLY
    size: int | None = 48

    @property
    def event_files(self) -> NCaltech101Files:
        """How the files of the data set are found and read."""
        return NCaltech101Files()
