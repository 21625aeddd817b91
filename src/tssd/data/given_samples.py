"""A torch Dataset of the user's own as a set of samples: one batch, wherever it is loaded."""

import copy
from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import (
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    get_worker_info,
)

from tssd.data.counter_random import GIVEN_STREAM, random_bits
from tssd.data.given_items import Kind, as_label, as_sample, check_finite, in_words
from tssd.data.global_generators import generators_kept, seed_generators
from tssd.data.loading import Batch, SampleSet
from tssd.errors import DataError, UsageError


class GivenSamples(SampleSet):
    """Items (x, y) of a map-style Dataset, in batches.

    What its transforms draw from the global generators of Python, NumPy and torch depends on the
    seed, the epoch and the number of the sample alone, and these generators are left as they were:
    so a batch is the same whatever process loads it, and after resuming. A generator that the
    Dataset holds itself is its own affair.

    Args:
        name: What the set is called in messages: train, val or test.
        dataset: Of items (x, y); `as_sample` and `as_label` say what they may be.
        seed: Of the draws.
        num_classes: Classes K; None: any number from 0 on is one.
        loaded_apart: Whether processes of their own load the samples. This one then reads from a
            copy: what a Dataset opens with its first sample must not be open before they begin.

    Raises:
        UsageError: It has no length or no sample.
    """

    def __init__(
        self,
        name: str,
        dataset: Any,
        *,
        seed: int = 0,
        num_classes: int | None = None,
        loaded_apart: bool = False,
    ) -> None:
        if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__"):
            raise UsageError(
                f"{name}: got a {type(dataset).__name__}, which has no samples by number; give a "
                "Dataset with __len__ and __getitem__, or a DataLoader that has a length"
            )
        if not isinstance(dataset, Sized) or not len(dataset):
            found = "no length" if not isinstance(dataset, Sized) else "no samples"
            raise UsageError(
                f"{name}: {type(dataset).__name__} has {found}, expected a Dataset with __len__, 1 "
                "or more"
            )
        self.name = name
        self.dataset: Any = dataset
        self._here: Any = _apart(dataset) if loaded_apart else dataset
        self.num_classes = num_classes
        self._seed = seed
        # -1: not known without reading the sample.
        super().__init__(torch.full((len(dataset),), -1))
        self.kind = Kind.of(self.item(0, 0)[0])
        if (found := known_labels(dataset)) is not None and self._agrees(found):
            self.labels = found

    def batch(self, items: Sequence[int | tuple[int, int]]) -> Batch:
        """Return the batch for indices or (epoch, index) pairs, labels as the items have them.

        Raises:
            DataError: An item is no sample with its class, is not finite, or has another shape than
                the first.
        """
        pairs = [(0, item) if isinstance(item, int) else item for item in items]
        with generators_kept():
            found = [self._like_the_first(*pair) for pair in pairs]
        xs, labels = zip(*found, strict=True)
        axis = 0 if self.kind.timesteps is None else 1
        x = torch.stack(xs, dim=axis)
        check_finite(x, lambda n: f"{self.name}: sample {pairs[n][1]}", axis=axis)
        return x, torch.tensor(labels)

    def __getitem__(self, item: int | tuple[int, int]) -> tuple[Tensor, int]:
        x, y = self.batch([item])
        return x.select(0 if self.kind.timesteps is None else 1, 0), int(y[0])

    def item(self, epoch: int, index: int) -> tuple[Tensor, int]:
        """Return sample and class of one number as they are in an epoch."""
        with generators_kept():
            return self._item(epoch, index)

    def _like_the_first(self, epoch: int, index: int) -> tuple[Tensor, int]:
        x, label = self._item(epoch, index)
        if (found := Kind.of(x)) != self.kind:
            raise DataError(
                f"{self.name}: sample {index} is {found}, but sample 0 is {self.kind}; bring all "
                "to one shape in the Dataset, say with a transform that resizes"
            )
        return x, label

    def _item(self, epoch: int, index: int) -> tuple[Tensor, int]:
        seed_generators(int(random_bits(self._seed, GIVEN_STREAM, epoch, index)))
        where = f"{self.name}: sample {index}"
        pair = (self._here if get_worker_info() is None else self.dataset)[index]
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError(
                f"{where} is {in_words(pair)}, expected a pair (x, y); wrap the Dataset in one "
                "whose __getitem__ returns the input and its class"
            )
        return as_sample(pair[0], where), as_label(pair[1], where, self.num_classes)

    def _agrees(self, labels: Tensor) -> bool:
        """Whether items have the classes that the Dataset's list says, which may be older ones."""
        places = {0, len(labels) // 2, len(labels) - 1}
        return all(self.item(0, place)[1] == labels[place] for place in places)


def _apart(dataset: Any) -> Any:
    """A copy with Datasets of its own inside, all else shared: what it opens is open in it alone.

    One that can't be copied is left as it is.
    """
    try:
        own = copy.copy(dataset)
    except Exception:  # code of others
        return dataset
    held = getattr(own, "__dict__", {})
    held.update({name: _apart_inside(value) for name, value in held.items()})
    return own


def _apart_inside(value: Any) -> Any:
    if isinstance(value, Dataset):
        return _apart(value)
    if type(value) in (list, tuple) and any(isinstance(each, Dataset) for each in value):
        return type(value)(_apart_inside(each) for each in value)
    return value


def known_labels(dataset: Any) -> Tensor | None:
    """Class of each sample, int64 [M], as far as a Dataset says so without reading its samples.

    As torch's and torchvision's do: `targets` or `labels`, the second of two tensors; a Subset and
    a concatenation of such. Where there is a `target_transform`, samples have other classes.
    """
    if getattr(dataset, "target_transform", None):
        return None
    if isinstance(dataset, Subset):
        inside = known_labels(dataset.dataset)
        return None if inside is None else inside[torch.as_tensor(list(dataset.indices))]
    if isinstance(dataset, ConcatDataset):
        each = [known_labels(part) for part in dataset.datasets]
        return None if any(part is None for part in each) else torch.cat(each)  # pyright: ignore
    found = dataset.tensors[1:] if isinstance(dataset, TensorDataset) else ()
    listed = found[0] if len(found) == 1 else None
    for name in ("targets", "labels"):
        listed = getattr(dataset, name, None) if listed is None else listed
    try:
        labels = np.asarray(listed)
    except (ValueError, TypeError):
        return None
    if labels.dtype.kind not in "iu" or labels.shape != (len(dataset),):
        return None
    return torch.from_numpy(labels.astype(np.int64))


def class_names_of(dataset: Any) -> tuple[str, ...] | None:
    """Names of the classes where a Dataset has them in `classes`, as torchvision's do."""
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    found = getattr(dataset, "classes", None)
    if not isinstance(found, list | tuple) or getattr(dataset, "target_transform", None):
        return None
    names = tuple(map(str, found))
    return names if len({*names}) == len(names) > 1 else None
