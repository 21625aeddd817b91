"""Which images train, validate and test: pure functions of the labels, the same for every run."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tssd.data.counter_random import SPLIT_STREAM, random_bits
from tssd.errors import UsageError

Indices = NDArray[np.int64]

# Constants, not options: runs that differ in their training seed must see the same images.
VAL_SEED = 20250
SUBSET_SEED = 20251
TEST_SEED = 20252


@dataclass(frozen=True)
class Split:
    """Indices, ascending, of the chosen images in the stored training, validation and test parts.

    Without a stored validation part, `val` counts in the training part, like `train`.
    """

    train: Indices
    val: Indices
    test: Indices


def stratified_order(labels: Indices, *, seed: int) -> Indices:
    """Order all images so that every prefix holds the classes as evenly as possible.

    Classes take turns, in an order drawn for each turn, until they run out of images.

    Args:
        labels: Class of each image, [M].
        seed: Seed of the order within each class and of the turns.
    """
    turn = _turns(labels, seed=seed)
    tie_break = random_bits(seed, SPLIT_STREAM, turn, labels)
    return np.lexsort((tie_break, turn))


def hold_out(labels: Indices, share: float, *, seed: int) -> tuple[Indices, Indices]:
    """Split off a share of every class, rounded, always leaving at least one image of each.

    Args:
        labels: Class of each image, [M].
        share: Share of each class to hold out, 0 <= share < 1.
        seed: Seed of the choice.

    Returns:
        Indices of the rest and of the held-out images, each ascending.
    """
    _, which, members = np.unique(labels, return_inverse=True, return_counts=True)
    most = np.minimum((share * members + 0.5).astype(np.int64), members - 1)
    held = _turns(labels, seed=seed) < most[which]
    return np.flatnonzero(~held), np.flatnonzero(held)


def take_samples(labels: Indices, count: int | None) -> Indices:
    """Choose `count` images, classes as even as possible; fewer images are a subset of more.

    Args:
        labels: Class of each image to choose from, [M].
        count: How many images; None takes all.

    Raises:
        UsageError: More than there are, or fewer than one image a class.
    """
    if count is None:
        return np.arange(len(labels))
    classes = len(np.unique(labels))
    if not classes <= count <= len(labels):
        raise UsageError(
            f"data.train_samples: got {count}, but {len(labels)} training samples of {classes} "
            f"classes are left after the validation share: give {classes} to {len(labels)}, "
            "or null for all"
        )
    return np.sort(stratified_order(labels, seed=SUBSET_SEED)[:count])


def split(
    train_labels: Indices,
    test_size: int,
    *,
    val_share: float,
    train_samples: int | None,
    val_size: int | None = None,
) -> Split:
    """Choose the images of all three sets.

    Validation images are taken first, so they are the same whatever `train_samples` is.

    Args:
        train_labels: Class of each stored training image, [M].
        test_size: Number of stored test images; all are used.
        val_share: Share of each class of the training images kept for validation, 0 <= share < 1.
        train_samples: Number of training images to use of the rest; None takes all.
        val_size: Number of images of a stored validation part, which replaces `val_share`.
    """
    if val_size is None:
        rest, val = hold_out(train_labels, val_share, seed=VAL_SEED)
    else:
        rest, val = np.arange(len(train_labels)), np.arange(val_size)
    train = rest[take_samples(train_labels[rest], train_samples)]
    return Split(train=train, val=val, test=np.arange(test_size))


def _turns(labels: Indices, *, seed: int) -> Indices:
    """Place of each image, [M], in an order drawn among the images of its class."""
    key = random_bits(seed, SPLIT_STREAM, np.arange(len(labels)))
    order = np.lexsort((key, labels))
    _, first, members = np.unique(labels[order], return_index=True, return_counts=True)
    turn = np.empty(len(labels), dtype=np.int64)
    turn[order] = np.arange(len(labels)) - np.repeat(first, members)
    return turn


def split_hash(name: str, chosen: Split) -> str:
    """Fingerprint, 12 hexadecimal digits, of a data set's name and the images chosen of it."""
    digest = hashlib.sha256(name.encode())
    for part in ("train", "val", "test"):
        indices = getattr(chosen, part)
        digest.update(f"\0{part}:{len(indices)}:".encode())
        digest.update(np.ascontiguousarray(indices, dtype="<i8").tobytes())
    return digest.hexdigest()[:12]
