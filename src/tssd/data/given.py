"""Datasets and DataLoaders of the user's own as a data module."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch.utils.data import DataLoader, Subset

from tssd.data import splits
from tssd.data.base import DataModule
from tssd.data.given_loader import GivenLoader
from tssd.data.given_samples import GivenSamples, class_names_of
from tssd.data.loading import Batch, Source
from tssd.data.splits import Indices
from tssd.data.stored import Stored
from tssd.errors import DataError, UsageError
from tssd.listed import and_total

# Samples of each set that are read to tell whether they have changed.
READ = 16
# Classes that a message lists.
SHOWN = 6
# Test samples that are looked through for some of each class.
LOOKED_THROUGH = 256

Set = GivenSamples | GivenLoader


@dataclass(frozen=True)
class GivenPart:
    """One set, as what is asked of stored parts is known of it.

    Args:
        given: The set.
    """

    given: Set

    @property
    def labels(self) -> Indices:
        """Class of each sample, [M]; -1 where the samples would have to be read for it."""
        known = self.given.labels if isinstance(self.given, GivenSamples) else None
        return np.full(size_of(self.given), -1) if known is None else known.numpy()

    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image or frame."""
        return self.given.kind.shape

    def select(self, index: Indices) -> Source:
        """Nothing is stored: the set itself gives its samples."""
        raise NotImplementedError("a given set is asked for its batches")


class GivenData(DataModule):
    """Sets of samples that were given as objects, used as they are.

    Args:
        sets: Datasets or DataLoaders, train and test, and val where there is one; see `given_sets`.
        batch_size: Samples a batch of a Dataset.
        num_workers: Loading processes of a Dataset.
        seed: Of order and draws.
        classes: Names of the classes, or their number; None: as the Datasets say.

    Raises:
        UsageError: Sets of different samples or classes. DataError: Items that are no samples.
    """

    def __init__(
        self,
        sets: Mapping[str, Any],
        *,
        batch_size: int = 64,
        num_workers: int = 0,
        seed: int = 0,
        classes: Sequence[str] | int | None = None,
    ) -> None:
        super().__init__(
            None, batch_size=batch_size, val_share=0.0, num_workers=num_workers, seed=seed
        )
        self.sets: dict[str, Set] = {}
        for name, given in sets.items():
            if isinstance(given, DataLoader):
                self.sets[name] = GivenLoader(name, given, seed=seed)
            else:
                self.sets[name] = GivenSamples(name, given, seed=seed, loaded_apart=num_workers > 0)
        self.tests_on_validation = sets["test"] is sets.get("val")
        train = self.sets["train"]
        if isinstance(train, GivenLoader):
            self.batch_size = train.batch_size
        for name, each in self.sets.items():
            if each.kind != train.kind:
                raise UsageError(
                    f"{name}: its samples are {each.kind}, but those of train are {train.kind}; "
                    "give all sets the same transform"
                )
        self._names = self._class_names(classes)
        if self._names is not None:
            self.know_classes(len(self._names))

    @property
    def timesteps(self) -> int | None:
        """Frames of a sample; None: the samples are images."""
        return self.sets["train"].kind.timesteps

    @property
    def kind(self) -> Literal["image", "frames"]:
        """What a sample is."""
        return "image" if self.timesteps is None else "frames"

    @property
    def names_classes(self) -> bool:
        """Whether the classes are known by now."""
        return self._names is not None

    @property
    def classes_seen(self) -> int | None:
        """How many classes there are at least, by what is known of the labels; None: nothing is."""
        most = max(int(GivenPart(each).labels.max()) for each in self.sets.values())
        return most + 1 if most >= 0 else None

    def know_classes(self, number: int) -> None:
        """Learn how many classes there are, from the network where the data does not say.

        Raises:
            UsageError: The Datasets say something else. DataError: A label is none of these.
        """
        if self._names is not None and len(self._names) != number:
            raise UsageError(
                f"net: returns {number} logits, but the data has {len(self._names)} classes; end "
                f"it with {len(self._names)} outputs"
            )
        self._names = self._names or tuple(map(str, range(number)))
        for name, each in self.sets.items():
            wrong = GivenPart(each).labels >= number
            if wrong.any():
                raise DataError(
                    f"{name}: sample {np.flatnonzero(wrong)[0]} has class "
                    f"{GivenPart(each).labels[wrong][0]}, but there are {number} classes, 0 to "
                    f"{number - 1}; number them from 0, or end the network with more outputs"
                )
            if isinstance(each, GivenSamples):
                each.num_classes = number

    def connect(self, *, student: int, teacher: int, longest: int) -> None:
        """Compare the timesteps of frames with those that are run."""
        frames = self.timesteps
        if frames is not None and frames < longest:
            raise UsageError(
                f"train: its samples have {frames} timesteps, but the network runs for up to "
                f"{longest} (student={student}, teacher={teacher}); cut them into {longest} or "
                "more, or lower teacher"
            )

    def read(self) -> Stored:
        """The sets."""
        val = self.sets.get("val")
        return Stored(
            train=GivenPart(self.sets["train"]),
            test=GivenPart(self.sets["test"]),
            val=None if val is None else GivenPart(val),
        )

    @cached_property
    def split(self) -> splits.Split:
        """All samples of each set."""
        sizes = {name: size_of(each) for name, each in self.sets.items()}
        return splits.Split(
            train=np.arange(sizes["train"]),
            val=np.arange(sizes.get("val", 0)),
            test=np.arange(sizes["test"]),
        )

    @property
    def dataset_name(self) -> str:
        """The class of the training set, or of what it is a part of."""
        dataset = _dataset(self.sets["train"])
        while isinstance(dataset, Subset):
            dataset = dataset.dataset
        return type(dataset).__name__

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, or its number. Raises: UsageError: their number is not known."""
        if self._names is None:
            raise UsageError(
                f"classes: {self.dataset_name} does not say how many there are; give classes=10, "
                "or their names"
            )
        return self._names

    @property
    def mean(self) -> tuple[float, ...]:
        """Zero: samples are used as they are."""
        return (0.0,) * self.in_channels

    @property
    def std(self) -> tuple[float, ...]:
        """One: samples are used as they are."""
        return (1.0,) * self.in_channels

    @property
    def content_hash(self) -> str:
        """Fingerprint of what can be told cheaply: sizes, known labels, 16 samples of each Dataset.

        The samples are evenly spread. One that is another one each time it is read, since its
        Dataset draws from a generator of its own, does not count.
        """
        return self._content_hash

    @cached_property
    def _content_hash(self) -> str:
        digest = hashlib.sha256(self.split_hash.encode())
        for name in ("train", "val", "test"):
            if (given := self.sets.get(name)) is not None:
                digest.update(f"{name}:{given.kind}:{len(given)}:".encode())
                digest.update(GivenPart(given).labels.astype("<i8").tobytes())
                if isinstance(given, GivenSamples):
                    digest.update(_some_of(given))
        return digest.hexdigest()[:12]

    def setup(self, stage: str | None = None) -> None:
        """Nothing is loaded before it is asked for."""

    def dataset(self, name: str) -> GivenSamples:
        """Set `name` (train, val or test). Raises: UsageError: it is a DataLoader."""
        given = self.sets[name]
        if isinstance(given, GivenLoader):
            raise UsageError(f"{name}: a DataLoader gives no samples by number; give its Dataset")
        return given

    def train_dataloader(self) -> Any:
        """Batches of the training samples, in another order each epoch."""
        given = self.sets["train"]
        return given if isinstance(given, GivenLoader) else super().train_dataloader()

    def some_test_samples(self, count: int) -> Batch:
        """The first test samples of each class, then the second ones, among the first few."""
        xs, ys = [], []
        for x, y in self.test_dataloader():
            xs.append(x)
            ys.append(y)
            if sum(map(len, ys)) >= LOOKED_THROUGH:
                break
        axis = 0 if self.timesteps is None else 1
        x, y = torch.cat(xs, dim=axis), torch.cat(ys)
        turn = torch.stack([(y[:n] == label).sum() for n, label in enumerate(y)])
        chosen = torch.from_numpy(np.lexsort((y.numpy(), turn.numpy()))[:count])
        return x.index_select(axis, chosen), y[chosen]

    def _evaluation(self, name: str, share: Any = None) -> Any:
        given = self.sets[name]
        return given if isinstance(given, GivenLoader) else super()._evaluation(name, share)

    def _class_names(self, given: Sequence[str] | int | None) -> tuple[str, ...] | None:
        if isinstance(given, int):
            if given < 2:
                raise UsageError(f"classes: got {given}, expected 2 or more, or their names")
            return tuple(map(str, range(given)))
        if given is not None:
            names = tuple(map(str, given))
            if isinstance(given, str) or len({*names}) != len(names) or len(names) < 2:
                raise UsageError(f"classes: got {given!r}, expected a list of different names")
            return names
        found = {name: class_names_of(_dataset(each)) for name, each in self.sets.items()}
        known = {name: names for name, names in found.items() if names is not None}
        first = next(iter(known.values()), None)
        for name, names in known.items():
            if names != first:
                raise UsageError(
                    f"{name}: has the classes {and_total(names or (), SHOWN)}, but train has "
                    f"{and_total(first or (), SHOWN)}; give sets of the same classes, in the same "
                    "order"
                )
        return first


def size_of(given: Set) -> int:
    """Number of samples."""
    return given.samples if isinstance(given, GivenLoader) else len(given)


def _some_of(given: GivenSamples) -> bytes:
    """Of some samples of a set, as they are in the first epoch."""
    digest = hashlib.sha256()
    for index in np.unique(np.linspace(0, len(given) - 1, READ).round().astype(int)).tolist():
        (x, label), (again, _) = given.item(0, index), given.item(0, index)
        digest.update(f"{index}:{label}:".encode())
        if torch.equal(x, again):
            digest.update(x.contiguous().numpy().tobytes())
    return digest.digest()


def _dataset(given: Set) -> Any:
    return given.loader.dataset if isinstance(given, GivenLoader) else given.dataset
