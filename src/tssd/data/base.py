"""What all data modules share: the split, the chosen samples and their loaders."""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from tssd.data import splits
from tssd.data.loading import Batch, SampleSet, Source, evaluation_loader, training_loader
from tssd.data.shares import Share
from tssd.data.stored import Part, Stored
from tssd.errors import DataError, UsageError


@dataclass(eq=False)
class DataModule(LightningDataModule):
    """Base of all data modules.

    Options are fields of the dataclass, so a subclass states only those that it adds or whose
    default differs; help and types of the others are inherited. It implements `read` and `dataset`
    and shows names, mean and std. Nothing is read before it is needed; `setup` may be called any
    number of times.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        batch_size: Samples a batch, those of all devices together.
        train_samples: Number of training samples, classes even, the same for all seeds; null: all.
        val_share: Share of each class of the training samples kept for validation, 0 to below 1.
        num_workers: Loading processes; 0 loads in the training process.
        seed: Seed of the order and the augmentation. The split does not depend on it.
    """

    root: str | None = None
    _: KW_ONLY
    batch_size: int = 64
    train_samples: int | None = None
    val_share: float = 0.1
    num_workers: int = 0
    seed: int = 0

    # Whether the test samples are those of validation, by which no epoch may be chosen then.
    tests_on_validation = False
    # Cached properties that depend on the timesteps of a run.
    of_timesteps: ClassVar[tuple[str, ...]] = ("stored",)

    def __post_init__(self) -> None:
        super().__init__()
        require(1 <= self.batch_size < 2**31, "batch_size", self.batch_size, "1 to 2147483647")
        require(0 <= self.val_share < 1, "val_share", self.val_share, "0 or more and below 1")
        require(0 <= self.num_workers <= 1024, "num_workers", self.num_workers, "0 to 1024")
        self._samples: dict[str, Source] = {}
        self._share = Share()

    def connect(self, *, student: int, teacher: int, longest: int) -> None:
        """Learn for how many timesteps the network will run; images serve any number.

        Args:
            student: Timesteps T_s.
            teacher: Timesteps T_t in training.
            longest: The longest T at which it will be trained or evaluated.

        Raises:
            UsageError: The data cannot serve these timesteps.
        """

    def unread(self) -> Self:
        """Return a copy that has loaded nothing, for a run of its own.

        What is loaded depends on the timesteps: those of one run are not those of the next.
        """
        own = copy.copy(self)
        own._samples = {}
        # Parts load by way of the module that has read them.
        for name in self.of_timesteps:
            vars(own).pop(name, None)
        return own

    def read(self) -> Stored:
        """Read the labels, and what else is cheap, of the stored parts."""
        raise NotImplementedError(f"{type(self).__name__} must implement read()")

    def dataset(self, name: str) -> SampleSet:
        """Return set `name` (train, val or test) as items of (x, label)."""
        raise NotImplementedError(f"{type(self).__name__} must implement dataset()")

    @cached_property
    def stored(self) -> Stored:
        """The stored parts, read once."""
        return self.read()

    @cached_property
    def split(self) -> splits.Split:
        """The chosen samples."""
        stored = self.stored
        return splits.split(
            stored.train.labels,
            len(stored.test.labels),
            val_share=self.val_share,
            train_samples=self.train_samples,
            val_size=None if stored.val is None else len(stored.val.labels),
        )

    @property
    def dataset_name(self) -> str:
        """Name of the data set."""
        raise NotImplementedError(f"{type(self).__name__} must give dataset_name")

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the labels."""
        raise NotImplementedError(f"{type(self).__name__} must give class_names")

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel that samples are normalised with."""
        raise NotImplementedError(f"{type(self).__name__} must give mean")

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel that samples are normalised with."""
        raise NotImplementedError(f"{type(self).__name__} must give std")

    @property
    def num_classes(self) -> int:
        """Number of classes K."""
        return len(self.class_names)

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image or frame."""
        return self.stored.train.shape()

    @property
    def in_channels(self) -> int:
        """Channels of one image: 1 for grey, 3 for colour; 2 polarities of event frames."""
        return self.sample_shape[0]

    @property
    def split_hash(self) -> str:
        """Fingerprint of the data set's name and the samples chosen, 12 hexadecimal digits."""
        return splits.split_hash(self.dataset_name, self.split)

    @property
    def content_hash(self) -> str:
        """Fingerprint of what the chosen samples hold, as far as the data set can tell cheaply.

        Data that cannot change behind a run's back is told apart by its split alone.
        """
        return self.split_hash

    @property
    def class_counts(self) -> list[int]:
        """Number of chosen training samples of each class, [K]."""
        part, index = self.part("train")
        labels = part.labels[index]
        if (labels < 0).any():
            raise UsageError(
                f"objectives: class_weights balanced needs the class of every training sample, "
                f"which {self.dataset_name} does not say; give it `targets`, a number for each, or "
                "class_weights a number for each class"
            )
        return np.bincount(labels, minlength=self.num_classes).tolist()

    @property
    def split_sizes(self) -> dict[str, int]:
        """Number of samples for training, validation and test."""
        chosen = self.split
        return {"train": len(chosen.train), "val": len(chosen.val), "test": len(chosen.test)}

    def setup(self, stage: str | None = None) -> None:
        """Load the samples that a stage needs (None: all); what is loaded already stays.

        Raises:
            UsageError: More loading processes than this machine could ever feed.
            DataError: There are no samples to train with, or none to test with.
        """
        # Not in the constructor: a run of a larger machine can be read back everywhere.
        most = max(16, 4 * (os.cpu_count() or 1))
        require(
            self.num_workers <= most,
            "num_workers",
            self.num_workers,
            f"at most {most} on this machine",
        )
        sets = {
            "fit": ("train", "val"),
            "validate": ("val",),
            "test": ("test",),
            "predict": ("test",),
        }
        for name in sets[stage] if stage is not None else ("train", "val", "test"):
            if name != "val" and not len(self.part(name)[1]):
                said = "training" if name == "train" else name
                raise DataError(
                    f"{self.dataset_name}: no {said} samples, expected at least one of each class: "
                    "complete the data set"
                )
            self.samples(name)

    def samples(self, name: str) -> Source:
        """Load once, and return as stored, the chosen samples of set `name`: train, val or test."""
        if name not in self._samples:
            part, index = self.part(name)
            self._samples[name] = part.select(index)
        return self._samples[name]

    @property
    def placeable_bytes(self) -> int | None:
        """Memory that all samples would take on a device; None: they can't live there."""
        return None

    def place(self, device: torch.device) -> None:
        """Keep the samples on a device from now on, where `placeable_bytes` says that they can."""

    def part(self, name: str) -> tuple[Part, splits.Indices]:
        """Return the stored part that set `name` is chosen from, and the chosen indices in it."""
        stored, chosen = self.stored, self.split
        parts = {
            "train": (stored.train, chosen.train),
            "val": (stored.val or stored.train, chosen.val),
            "test": (stored.test, chosen.test),
        }
        return parts[name]

    def training_samples(self) -> SampleSet:
        """Return what batches of training are made of: set train, unless they mix its samples."""
        return self.dataset("train")

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches of the training samples, shuffled anew each epoch."""
        return training_loader(
            self.training_samples(),
            self.batch_size,
            num_workers=self.num_workers,
            seed=self.seed,
            share=self._share,
        )

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """Batches of the validation samples; an empty list, which skips validation, without any."""
        return self._evaluation("val", self._share) if len(self.split.val) else []

    def test_dataloader(self) -> DataLoader[Batch]:
        """Batches of the test samples."""
        return self._evaluation("test")

    def predict_dataloader(self) -> DataLoader[Batch]:
        """Batches of the test samples."""
        return self._evaluation("test")

    @contextmanager
    def shared_out(self, share: Share) -> Iterator[None]:
        """Inside, loaders of training and validation samples give one process's share of them."""
        self._share = share
        try:
            yield
        finally:
            self._share = Share()

    def _evaluation(self, name: str, share: Share | None = None) -> DataLoader[Batch]:
        return evaluation_loader(
            self.dataset(name), self.batch_size, num_workers=self.num_workers, share=share
        )


def require(holds: bool, option: str, got: object, expected: str) -> None:
    """Refuse an option of the data. Raises: UsageError: the condition does not hold."""
    if not holds:
        raise UsageError(f"data.{option}: got {got}, expected {expected}")
