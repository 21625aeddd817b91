"""Batches of a data module: their shape and type, and what decides which they are."""

import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tssd.data import DataModule
from tssd.data.loading import Batch
from tssd.objectives.batch import check_labels
from tssd.testing.expect import expect

# Batches of an epoch that are compared.
COMPARED = 4

# Frames may stay the small integers that they are counted in.
COUNTS = (torch.uint8, torch.uint16)


def same(one: Iterable[Batch], other: Iterable[Batch]) -> bool:
    """Whether the batches are the same to the last bit."""
    one, other = list(one), list(other)
    return len(one) == len(other) and all(
        _equal(a, b) for pair in zip(one, other, strict=True) for a, b in zip(*pair, strict=True)
    )


def check_batches(name: str, data: DataModule, part: str, *, timesteps: int) -> None:
    """Check shapes and types of a set's batches, and that mean and std are those declared."""
    loader = _loader(data, part)
    size = data.split_sizes[part]
    shown = 0
    for number, (x, y) in enumerate(loader):
        shown += len(y)
        if number >= COMPARED:
            continue
        is_sequence = x.ndim == 5
        expected = [*([timesteps] if is_sequence else []), len(y), *data.sample_shape]
        expect(
            [*x.shape] == expected,
            f"{name}: a {part} batch has the shape {[*x.shape]}, expected {expected}: "
            f"[{'T, ' if is_sequence else ''}N, *sample_shape], N the labels",
        )
        expect(
            x.is_floating_point() or (is_sequence and x.dtype in COUNTS),
            f"{name}: {part} samples are {x.dtype}, expected floating point"
            + (" or small unsigned integers" if is_sequence else ""),
        )
        expect(x.float().isfinite().all(), f"{name}: a {part} batch has values that are not finite")
        is_mixed = part == "train" and y.dtype == torch.float32 and y.ndim == 2
        expect(
            (y.dtype == torch.int64 and y.ndim == 1) or is_mixed,
            f"{name}: {part} labels are {y.dtype} {[*y.shape]}, expected int64 [N]"
            + (", or shares of classes, float32 [N, K]" if part == "train" else ""),
        )
        if is_mixed:
            check_labels(y, data.num_classes)
    # A single sample at the end of an epoch is left out: batch norm has no use for it.
    single = part == "train" and size % data.batch_size == 1
    expect(
        shown == size - single or shown == size,
        f"{name}: the {part} batches hold {shown} samples, expected all {size}",
    )
    if size and part != "train":
        _check_stored_order(name, data, part)
    stored, index = data.part(part)
    expect(
        np.array_equal(data.dataset(part).labels.numpy(), stored.labels[index]),
        f"{name}: dataset({part!r}).labels are not the stored ones of the chosen samples",
    )


def check_order(name: str, built: Callable[..., DataModule]) -> None:
    """Check that a batch depends on seed and epoch alone, and that only training is augmented."""
    size = built().split_sizes["train"]
    batch_size = max(2, min(16, size // 4))

    def with_seed(seed: int = 0, num_workers: int = 0) -> DataModule:
        return built(batch_size=batch_size, seed=seed, num_workers=num_workers)

    with _generators_kept(name):
        first = _epoch(name, with_seed(), 0)
    with _other_generators():
        again = _epoch(name, with_seed(), 0)
    expect(
        same(again, first),
        f"{name}: the same seed gives other batches the second time: draw from (seed, epoch, "
        "number of the sample), as tssd.data.counter_random does",
    )
    second = _epoch(name, with_seed(), 1)
    expect(not same(second, first), f"{name}: epoch 1 shows the batches of epoch 0 again")
    goes_on = with_seed()
    loader = goes_on.train_dataloader()
    _epoch(name, goes_on, 0, loader)
    expect(
        same(_epoch(name, goes_on, 1, loader), second),
        f"{name}: resumed at epoch 1 it shows other batches than without the interruption",
    )
    other = with_seed(seed=1)
    expect(not same(_epoch(name, other, 0), first), f"{name}: another seed gives the same batches")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="This process .* is multi-threaded")
        workers = with_seed(num_workers=1)
        expect(
            same(_epoch(name, workers, 1), second),
            f"{name}: a loading process (num_workers 1) gives other batches than num_workers 0",
        )
    for part in ("val", "test"):
        shown = [islice(_loader(each, part), COMPARED) for each in (with_seed(), other, other)]
        expected, *others = map(list, shown)
        expect(
            all(same(each, expected) for each in others),
            f"{name}: {part} samples change from one pass or seed to the next: only training "
            "samples may be augmented or shuffled",
        )


def check_prefix(
    name: str, built: Callable[..., DataModule], *, student: int, teacher: int
) -> None:
    """Check of sequences that those of fewer timesteps are the first of more."""
    for part in ("train", "test"):
        short, long = (next(iter(_loader(built(t), part)))[0] for t in (student, teacher))
        if long.ndim == 5:
            expect(
                _equal(long[:student], short),
                f"{name}: {part} samples of {student} timesteps are not the first of {teacher}: "
                "the student would not see what its teacher sees",
            )


def _check_stored_order(name: str, data: DataModule, part: str) -> None:
    """The first batch holds the first stored samples, normalised with mean and std."""
    x, y = next(iter(_loader(data, part)))
    stored, index = data.part(part)
    labels = stored.labels[index][: len(y)]
    expect(
        np.array_equal(labels, y.numpy()),
        f"{name}: {part} labels are {y.tolist()[:8]}..., stored are {labels.tolist()[:8]}...",
    )
    images = data.samples(part)[torch.arange(len(y))]
    if images.dtype != torch.uint8 or x.ndim != 4:
        return
    mean, std = (torch.tensor(each).view(-1, 1, 1) for each in (data.mean, data.std))
    expected = (images.float() / 255 - mean) / std
    expect(
        torch.allclose(x, expected, atol=1e-4),
        f"{name}: {part} samples are not the stored pixels, of 0 to 1, minus mean {data.mean} and "
        f"divided by std {data.std}; they differ by up to {(x - expected).abs().max():.3g}",
    )


def _loader(data: DataModule, part: str) -> Iterable[Batch]:
    return getattr(data, f"{part}_dataloader")()


def _epoch(name: str, data: DataModule, epoch: int, loader: Any = None) -> list[Batch]:
    """The first batches of a training epoch."""
    loader = data.train_dataloader() if loader is None else loader
    sampler = loader.sampler
    expect(
        hasattr(sampler, "set_epoch"),
        f"{name}: its training loader's sampler has no set_epoch(), so that a run could not be "
        "resumed; use tssd.data.loading.training_loader",
    )
    sampler.set_epoch(epoch)
    return list(islice(loader, COMPARED))


def _equal(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and np.array_equal(one.numpy(), other.numpy())


@contextmanager
def _generators_kept(name: str) -> Iterator[None]:
    """Refuse loading that draws from the global generators."""
    before = _states()
    yield
    moved = [where for where, state in _states().items() if state != before[where]]
    expect(
        not moved,
        f"{name}: loading draws from the global generator of {', '.join(moved)}, which initialises "
        "weights and drives dropout, expected draws from (seed, epoch, number of the sample)",
    )


@contextmanager
def _other_generators() -> Iterator[None]:
    """Other states of the global generators, for a while."""
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        torch.set_rng_state(kept[2])


def _states() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": (kind, np.asarray(keys).tobytes(), *rest),
        "random": random.getstate(),
    }
