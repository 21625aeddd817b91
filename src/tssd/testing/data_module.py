"""The contract of a data module."""

import pickle
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import torch

from tssd.data import DataModule
from tssd.testing.data_batches import check_batches, check_order, check_prefix, same
from tssd.testing.expect import expect, name_of

# Samples of a set whose content is compared with that of the training samples.
COMPARED = 256


def check_data_module(
    make: Callable[..., DataModule],
    *,
    changed: Callable[..., DataModule] | None = None,
    student: int = 2,
    teacher: int = 4,
) -> None:
    """Check a data module against all that training, evaluation and resumed runs rely on.

    Names, shape, mean and std as declared; disjoint sets that no seed changes; batches of the right
    shape and type, which depend on seed and epoch alone, whatever was loaded before and by
    whatever process; augmentation in training alone; hashes that follow the data; pickling; and of
    sequences, that fewer timesteps are the first of more.

    Args:
        make: builds the module; takes `batch_size`, `val_share`, `num_workers` and `seed`.
        changed: builds it over data of which something has changed, which its hash must tell.
        student: timesteps T_s.
        teacher: timesteps T_t.
    Raises: AssertionError: names the data module, what was found and what was expected.
    """

    def built(timesteps: int = teacher, **options: float) -> DataModule:
        data = make(**options)
        data.connect(student=student, teacher=timesteps, longest=timesteps)
        return data

    data = built()
    name = name_of(make, data)
    expect(isinstance(data, DataModule), f"{name}: got {type(data)}, expected a DataModule")
    _check_declared(name, data)
    _check_split(name, data, built)
    _check_hashes(name, data, built)
    if changed is not None:
        other = changed()
        other.connect(student=student, teacher=teacher, longest=teacher)
        expect(
            other.content_hash != data.content_hash,
            f"{name}: content_hash is {data.content_hash} also of the changed data, expected "
            "another one: two runs on different data could not be told apart",
        )
    for each in ("train", "val", "test"):
        check_batches(name, data, each, timesteps=teacher)
    check_order(name, built)
    check_prefix(name, built, student=student, teacher=teacher)
    _check_pickles(name, data)


def _check_declared(name: str, data: DataModule) -> None:
    options = [each.name for each in fields(data) if callable(getattr(DataModule, each.name, None))]
    expect(
        not options,
        f"{name}: its options {options} have the names of methods of DataModule: rename them",
    )
    known = data.class_names
    expect(
        isinstance(known, tuple) and len(known) >= 2 and len(set(known)) == len(known),
        f"{name}: class_names is {known}, expected a tuple of two or more different names",
    )
    shape, mean, std = data.sample_shape, data.mean, data.std
    expect(
        len(shape) == 3 and all(isinstance(side, int) and side > 0 for side in shape),
        f"{name}: sample_shape is {shape}, expected channels, height and width",
    )
    expect(
        len(mean) == len(std) == shape[0] and min(std) > 0,
        f"{name}: mean {mean} and std {std}, expected one a channel ({shape[0]}), std above 0",
    )
    expect(
        isinstance(data.dataset_name, str) and data.dataset_name,
        f"{name}: dataset_name is {data.dataset_name!r}, expected text",
    )


def _check_split(name: str, data: DataModule, built: Callable[..., DataModule]) -> None:
    chosen = data.split
    for part in ("train", "test"):
        expect(len(getattr(chosen, part)), f"{name}: the {part} set is empty")
    if data.stored.val is None:
        both = np.intersect1d(chosen.train, chosen.val)
        expect(not both.size, f"{name}: {both.size} samples are in train and in val")
    for part in ("train", "val", "test"):
        stored, index = data.part(part)
        labels = stored.labels[index]
        expect(
            not labels.size or (labels.min() >= 0 and labels.max() < data.num_classes),
            f"{name}: labels of {part} are {np.unique(labels)}, expected 0 to "
            f"{data.num_classes - 1}",
        )
        if part == "train":
            gone = sorted(set(range(data.num_classes)) - set(labels.tolist()))
            expect(not gone, f"{name}: no training sample of the classes {gone}")
    seen = set(_contents(data, "train", len(chosen.train)))
    for part in ("val", "test"):
        found = _contents(data, part, COMPARED)
        shared = sum(content in seen for content in found)
        expect(
            2 * shared <= len(found),
            f"{name}: {shared} of {len(found)} compared samples of {part} are training samples too",
        )
    other = built(seed=data.seed + 1)
    parts = ((getattr(each.split, part) for each in (data, other)) for part in vars(chosen))
    expect(
        all(np.array_equal(*pair) for pair in parts),
        f"{name}: another seed gives another split, expected the same for all seeds",
    )


def _contents(data: DataModule, part: str, most: int) -> list[bytes]:
    """The first stored samples of a set, as bytes."""
    samples = data.samples(part)
    count = min(len(samples), most)
    chunks = torch.arange(count).split(COMPARED)
    return [each.numpy().tobytes() for chunk in chunks for each in samples[chunk]]


def _check_hashes(name: str, data: DataModule, built: Callable[..., DataModule]) -> None:
    again = built()
    for which in ("split_hash", "content_hash"):
        found = getattr(data, which), getattr(again, which)
        expect(
            found[0] == found[1] and isinstance(found[0], str) and found[0],
            f"{name}: {which} is {found[0]!r}, and {found[1]!r} the second time",
        )
    other = built(seed=data.seed + 1)
    expect(
        other.split_hash == data.split_hash,
        f"{name}: split_hash is {data.split_hash}, and {other.split_hash} with another seed",
    )
    if data.stored.val is None:
        other = built(val_share=0.5)
        expect(
            other.split_hash != data.split_hash,
            f"{name}: split_hash is {data.split_hash} whatever val_share is",
        )


def _check_pickles(name: str, data: DataModule) -> None:
    try:
        copy = pickle.loads(pickle.dumps(data))
    except Exception as error:
        raise AssertionError(
            f"{name}: cannot be pickled ({error}), expected to, as loading processes need it"
        ) from error
    expect(
        same(list(copy.test_dataloader())[:1], list(data.test_dataloader())[:1]),
        f"{name}: a pickled copy gives other test batches",
    )
