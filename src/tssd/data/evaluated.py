"""Data for a network that is trained already: what belongs to the network comes from its run."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch

from tssd.data import splits
from tssd.data.base import DataModule
from tssd.data.event_folder import EventFolder
from tssd.data.given import GivenData
from tssd.data.image_folder import ImageFolder
from tssd.data.image_samples import ImageSamples
from tssd.data.images import ImageData
from tssd.data.loading import SampleSet, Source
from tssd.data.splits import Indices
from tssd.data.stored import Part, Stored
from tssd.errors import DataError
from tssd.image_size import as_option
from tssd.listed import and_total

log = logging.getLogger("tssd")

# Classes that are listed in a message.
SHOWN = 12


@dataclass(frozen=True)
class Relabelled:
    """A stored part whose labels are the network's.

    Args:
        part: As it is stored.
        numbers: The network's number of each of its classes.
    """

    part: Part
    numbers: Indices

    @property
    def labels(self) -> Indices:
        """Class of each sample, [M]."""
        return self.numbers[self.part.labels]

    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.part.shape()

    def select(self, index: Indices) -> Source:
        """The samples of these numbers."""
        return self.part.select(index)


class Evaluated(DataModule):
    """Samples of a data module as a trained network knows them.

    Class names, their order, mean, std and size are the run's and never learnt from these samples,
    which may lie in another folder. Labels are found by the classes' names.

    Args:
        data: The data module, connected, nothing read yet; a folder of images or recordings needs
            no train/.
        class_names: Of the network, in the order of its outputs.
        sample_shape: Channels, height and width of its input.
        mean: Of each channel.
        std: Of each channel.

    Raises:
        DataError: Classes that the network does not know, or samples of another shape.
    """

    def __init__(
        self,
        data: DataModule,
        *,
        class_names: Sequence[str],
        sample_shape: tuple[int, int, int],
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        super().__init__(
            data.root,
            batch_size=data.batch_size,
            train_samples=data.train_samples,
            val_share=data.val_share,
            num_workers=data.num_workers,
            seed=data.seed,
        )
        self.data = data
        self._facts = tuple(class_names), sample_shape, tuple(mean), tuple(std)
        if isinstance(data, ImageFolder | EventFolder):
            data.train_is_needed = False
        scales = False
        if isinstance(data, ImageData) and data.image_size is None:
            scales, data.image_size = True, as_option(*sample_shape[1:])
        self._numbers = _numbers(data.class_names, self.class_names, data.dataset_name)
        _check_shape(data, sample_shape, scales=scales)

    def read(self) -> Stored:
        """The stored parts with the network's labels."""
        stored, numbers = self.data.stored, self._numbers
        return Stored(
            train=Relabelled(stored.train, numbers),
            test=Relabelled(stored.test, numbers),
            val=None if stored.val is None else Relabelled(stored.val, numbers),
        )

    def dataset(self, name: str) -> SampleSet:
        """Set `name` (train, val or test) with the network's labels and normalisation.

        Training samples are augmented as in training.
        """
        part, index = self.part(name)
        labels = torch.from_numpy(part.labels[index])
        if isinstance(self.data, ImageData) and name != "train":
            # The mean and std of its own may need the training images, which need not be there.
            return ImageSamples(self.samples(name), labels, mean=self.mean, std=self.std)
        self._choose_alike()
        samples = self.data.dataset(name)
        samples.labels = labels
        if isinstance(samples, ImageSamples):
            samples.normalise(self.mean, self.std)
        return samples

    def samples(self, name: str) -> Source:
        """Those of the data, which are loaded once for a split."""
        self._choose_alike()
        return self.data.samples(name)

    def _choose_alike(self) -> None:
        """Give the data this split, which may have changed, and forget what it has loaded."""
        if self.data.split is not self.split:
            self.data.split = self.split
            self.data._samples.clear()

    @cached_property
    def split(self) -> splits.Split:
        """The chosen samples; all for testing where nothing is stored for training."""
        stored = self.data.stored
        if len(stored.train.labels):
            return self.data.split
        nothing = np.arange(0)
        return splits.Split(train=nothing, val=nothing, test=np.arange(len(stored.test.labels)))

    @property
    def dataset_name(self) -> str:
        """Name of the data set."""
        return self.data.dataset_name

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the network's classes."""
        return self._facts[0]

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the network's input."""
        return self._facts[1]

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel, of the run's training samples."""
        return self._facts[2]

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel, of the run's training samples."""
        return self._facts[3]

    @property
    def split_hash(self) -> str:
        """Fingerprint of the samples, as training gives it."""
        if not len(self.data.stored.train.labels):
            return splits.split_hash(self.dataset_name, self.split)
        return self.data.split_hash

    @property
    def content_hash(self) -> str:
        """Fingerprint of what the samples hold, as training gives it."""
        return self.data.content_hash if len(self.data.stored.train.labels) else self.split_hash


def as_known(
    data: DataModule,
    *,
    class_names: Sequence[str],
    sample_shape: tuple[int, int, int],
    mean: Sequence[float],
    std: Sequence[float],
) -> DataModule:
    """The samples as a trained network knows them: see `Evaluated`.

    Sets of the user's own are used as they are, and so have to be of the same classes.

    Raises:
        DataError: They are of other classes or of another shape.
    """
    if not isinstance(data, GivenData):
        return Evaluated(
            data, class_names=class_names, sample_shape=sample_shape, mean=mean, std=std
        )
    if (found := tuple(data.class_names)) != tuple(class_names):
        raise DataError(
            f"{data.dataset_name}: has the classes {and_total(found, SHOWN)}, but the run was "
            f"trained on {and_total(class_names, SHOWN)}; evaluate on the same, in the same order"
        )
    _check_shape(data, sample_shape, scales=False)
    return data


def _check_shape(data: DataModule, expected: tuple[int, int, int], *, scales: bool) -> None:
    """Refuse samples of another shape. Raises: DataError: gives both."""
    if scales:
        # As they are stored, which no option says.
        native: Any = replace(cast(Any, data.stored.test), image_size=None)
        if (stored := native.shape())[1:] != expected[1:]:
            log.warning(
                "%s: images of %d x %d pixels are scaled to %d x %d, which the network needs",
                data.dataset_name, *stored[1:], *expected[1:],
            )  # fmt: skip
    if (found := data.sample_shape) != expected:
        raise DataError(
            f"{data.dataset_name}: samples of {_by(found)} (channels, height, width), but the run "
            f"was trained on {_by(expected)}; evaluate on data like it, with the run's own size"
        )


def _numbers(found: Sequence[str], known: Sequence[str], where: str) -> Indices:
    """The network's number of each class of the data. Raises: DataError: gives both lists."""
    number = {name: k for k, name in enumerate(known)}
    if unknown := [name for name in found if name not in number]:
        raise DataError(
            f"{where}: the data has the classes {and_total(found, SHOWN)}, but the run was trained "
            f"on {and_total(known, SHOWN)}, which {unknown[0]!r} is not among; evaluate on data "
            "with the run's classes"
        )
    if missing := [name for name in known if name not in found]:
        log.warning(
            "%s: %d of the run's %d classes are missing: %s",
            where, len(missing), len(known), and_total(missing, SHOWN),
        )  # fmt: skip
    return np.array([number[name] for name in found], dtype=np.int64)


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
