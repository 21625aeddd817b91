"""SHD and SSC, spike trains of 700 channels, as data for a network."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tssd.data.event_samples import EventSamples
from tssd.data.events import EventData
from tssd.data.loading import Numbers
from tssd.errors import UsageError
from tssd.events.datasets.fetch import fetch
from tssd.events.datasets.heidelberg import UNITS, HeidelbergFiles, SHDFiles, SSCFiles
from tssd.events.pooling import Size


class SpikeTrainSamples(EventSamples):
    """Spike counts [T, N, U, 1, 1]: the units are the channels of an image of one pixel."""

    def load(self, epochs: Numbers, index: Numbers) -> Tensor:
        """Return the counts [T, N, U, 1, 1] of these numbers [N]."""
        x = super().load(epochs, index)
        return x.reshape(*x.shape[:2], x.shape[-1], 1, 1)


@dataclass(eq=False)
class SpikeTrainData(EventData):
    """Base of SHD and SSC: counts of spikes of each unit, one frame a timestep.

    Args:
        slicing: How samples are cut into timesteps; null: 10 ms each from the first spike on.
        size: Number of groups of neighbouring units that the 700 are counted in; null keeps 700.
        pool: Whether a group counts the spikes of its units (sum) or averages over them (mean).
        augment: None fits: those for cameras move pixels.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.augment:
            raise UsageError(
                f"data.augment: got {len(self.augment)} augmentations of event cameras, but "
                f"{self.event_files.title} has no pixels: leave it out"
            )

    @classmethod
    def download(cls, root: str) -> None:
        """Download the files into a data root and unpack them.

        Not an option of the constructor: a saved run must never reach for the network.

        Raises:
            DataError: The server does not answer, or sent something else.
        """
        data = cls()
        fetch(data.event_files.downloads, Path(root).expanduser() / data.folder)

    @property
    def event_files(self) -> HeidelbergFiles:
        """How the files of the data set are found and read."""
        raise NotImplementedError(f"{type(self).__name__} must give event_files")

    @property
    def largest_size(self) -> int:
        """Groups of units at most."""
        return UNITS

    @property
    def frame_size(self) -> Size:
        """Rows and columns of the frames in the cache."""
        return 1, self.size or UNITS

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Units, and height and width 1; known without the files."""
        return self.frame_size[1], 1, 1

    @property
    def mean(self) -> tuple[float, ...]:
        """Zero for each unit: counts are not normalised."""
        return (0.0,) * self.sample_shape[0]

    @property
    def std(self) -> tuple[float, ...]:
        """One for each unit: counts are not normalised."""
        return (1.0,) * self.sample_shape[0]

    def dataset(self, name: str) -> SpikeTrainSamples:
        """Return set `name` (train, val or test) as items of (x [T, U, 1, 1], label)."""
        part, index = self.part(name)
        return SpikeTrainSamples(
            self.samples(name),
            torch.from_numpy(part.labels[index]),
            seed=self.seed,
            area=self._area if self.pool == "mean" else None,
        )


@dataclass(eq=False)
class SHD(SpikeTrainData):
    """Spiking Heidelberg Digits: 8,156 training and 2,264 test samples of 20 spoken digits.

    Read from shd_train.h5 and shd_test.h5, which needs h5py: pip install 'tssd[hdf5]'.
    """

    folder: str = "SHD"

    @property
    def event_files(self) -> SHDFiles:
        """How the files of the data set are found and read."""
        return SHDFiles()


@dataclass(eq=False)
class SSC(SpikeTrainData):
    """Spiking Speech Commands: 75,466 training, 9,981 validation and 20,382 test samples, 35 words.

    Read from ssc_train.h5, ssc_valid.h5 and ssc_test.h5, which needs h5py: pip install
    'tssd[hdf5]'. Its own validation part replaces `val_share`.
    """

    folder: str = "SSC"

    @property
    def event_files(self) -> SSCFiles:
        """How the files of the data set are found and read."""
        return SSCFiles()
