"""From samples to batches that do not depend on workers, resuming or the global generator."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Dataset, Sampler, get_worker_info

from tssd.data.counter_random import SHUFFLE_STREAM, WORKER_STREAM, random_bits
from tssd.data.global_generators import seed_generators
from tssd.data.shares import Share, SharedBatches, evaluation_batches
from tssd.errors import DataError, TssdError
from tssd.processes import follow_parent

Batch = tuple[Tensor, Tensor]
Numbers = NDArray[np.int64]


class Source(Protocol):
    """Stored samples by number; a uint8 tensor [M, ...] in memory is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor, /) -> Tensor:
        """Return the samples [N, ...], unsigned integers, of int64 numbers [N]."""
        ...


class Refusal(NamedTuple):
    """What a loading process hands over instead of a batch when its samples are refused."""

    error: Exception


class SampleSet(Dataset[Any]):
    """Samples as the network sees them, with their labels.

    `dataset[i]` is (x, label). Loaders ask for whole batches instead, through `__getitems__`:
    preparing 64 samples at once is far cheaper than one by one.

    Args:
        labels: Class of each sample, int64 [M].
    """

    sample_axis: ClassVar[int] = 0

    def __init__(self, labels: Tensor) -> None:
        self.labels = labels

    def load(self, epochs: Numbers, index: Numbers) -> Tensor:
        """Return the batch of these sample numbers [N], each as it looks in its epoch [N]."""
        raise NotImplementedError(f"{type(self).__name__} must implement load()")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, item: int | tuple[int, int]) -> tuple[Tensor, int]:
        x, y = self.batch([item])
        return x.select(self.sample_axis, 0), int(y[0])

    def __getitems__(self, items: Sequence[int | tuple[int, int]]) -> Batch | Refusal:
        """Return the batch for indices or (epoch, index) pairs.

        A bare index means epoch 0: Lightning's `overfit_batches` puts its own sampler in.
        """
        if (worker := get_worker_info()) is None:
            return self.batch(items)
        # For sets that draw from the global generators: alike whatever was loaded before, as after
        # resuming. Loaded in the training process they draw from those of its epoch.
        first = items[0]
        place = (0, first) if isinstance(first, int) else first
        seed_generators(int(random_bits(worker.seed - worker.id, WORKER_STREAM, *place)))
        try:
            return self.batch(items)
        except (TssdError, OSError, MemoryError) as error:
            # torch would raise its message with a whole traceback inside.
            return Refusal(error)

    def batch(self, items: Sequence[int | tuple[int, int]]) -> Batch:
        """Return the batch for indices or (epoch, index) pairs, whichever process asks."""
        pairs = np.array([(0, i) if isinstance(i, int) else i for i in items], dtype=np.int64)
        epochs, index = pairs[:, 0], pairs[:, 1].copy()
        return self.load(epochs, index), self.labels[self.numbers(index)]

    def numbers(self, index: Numbers) -> Tensor:
        """Sample numbers [N] where the labels are."""
        return numbers_on(self.labels.device, index)[0]


def numbers_on(device: torch.device, *numbers: Numbers) -> tuple[Tensor, ...]:
    """Arrays of int64 numbers, each [N], on a device, which is not waited for."""
    together = torch.from_numpy(np.stack(numbers))
    if device.type == "cuda":  # from other memory the copy would be waited for
        together = together.pin_memory()
    return together.to(device, non_blocking=True).unbind()


def epoch_order(size: int, seed: int, epoch: int) -> Numbers:
    """Numbers of the samples in the order of an epoch, [M]: a pure function of its arguments."""
    return np.argsort(random_bits(seed, SHUFFLE_STREAM, epoch, np.arange(size)), kind="stable")


class EpochSampler(Sampler[tuple[int, int]]):
    """Shuffled (epoch, index) pairs, the order being a pure function of (seed, epoch).

    Lightning calls `set_epoch` before each epoch, also after resuming, and `BatchLoader` waits for
    it; the pair carries the epoch to the workers, which outlive it. Processes that train together
    have the same order, and each takes its share of every batch: see `tssd.data.shares`.

    Args:
        size: Number of samples.
        seed: Seed of the order.
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch = self._epoch
        order = epoch_order(self._size, self._seed, epoch)
        return ((epoch, index) for index in order.tolist())


class BatchLoader(DataLoader[Batch]):
    """A loader that begins when the first batch is asked for, not when an iterator is made.

    Lightning makes the iterator of a run before it knows the epoch to resume at; workers that began
    at once would show the batches of epoch 0 again.
    """

    def __iter__(self) -> Iterator[Batch]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Iterate over the batches.

        Raises:
            DataError: A sample is damaged, whichever process loaded it, or a loading process ended.
        """
        with one_line_failures():
            for batch in super().__iter__():
                if isinstance(batch, Refusal):
                    raise batch.error
                yield batch

    def size_of(self, number: int) -> int:
        """Samples of batch `number` of an epoch, those of all processes together."""
        made = self.batch_sampler
        assert isinstance(made, BatchSampler)
        return min(made.batch_size, len(made.sampler) - number * made.batch_size)  # pyright: ignore


# What torch says when its loading processes cannot go on, and what it means for the user.
FAILURES = {
    "Too many open files": "too many files are open; raise the limit (ulimit -n 4096)",
    "ancdata": "too many files are open; raise the limit (ulimit -n 4096)",
    "No space left on device": "shared memory is full; enlarge it (in Docker: --shm-size 2g)",
    "shared memory": "shared memory is full; enlarge it (in Docker: --shm-size 2g)",
    "killed by signal": "a loading process was killed, most often because memory ran out",
    "exited unexpectedly": "a loading process was killed, most often because memory ran out",
}


@contextmanager
def one_line_failures() -> Iterator[None]:
    """Turn what torch raises for loading processes that ended into one line with the remedy.

    For whoever computes while they load, too: torch raises in the midst of any other work.

    Raises:
        DataError: A loading process was killed, or had too few files or too little memory to share.
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        text = str(error)
        loads = "DataLoader worker" in text or "torch_" in text or "ancdata" in text
        reason = next((words for sign, words in FAILURES.items() if sign in text), None)
        if not loads or reason is None:
            raise
        raise DataError(
            f"data.num_workers: {reason}, or load in the training process (--data.num_workers 0); "
            "an interrupted run continues with --resume"
        ) from error


def _as_is(batch: Any) -> Any:  # the set's `__getitems__` has made a batch already
    return batch


def training_loader(
    samples: SampleSet,
    batch_size: int,
    *,
    num_workers: int,
    seed: int,
    share: Share | None = None,
) -> BatchLoader:
    """Build the shuffled loader of the training samples.

    The last, incomplete batch is kept, except when it would hold one single sample: batch norm has
    no variance over one sample (an error where the map is 1x1, a useless step elsewhere).

    Args:
        samples: The training set.
        batch_size: Samples a batch, those of all processes together.
        num_workers: Loading processes; 0 loads in the training process.
        seed: Seed of the order.
        share: Of this process in every batch; None: it trains alone.
    """
    sampler = EpochSampler(len(samples), seed)
    single = len(samples) > batch_size and len(samples) % batch_size == 1
    batches: dict[str, Any] = {"batch_size": batch_size, "sampler": sampler, "drop_last": single}
    if share is not None and share.processes > 1:
        shared = SharedBatches(sampler, batch_size, drop_last=single, share=share)
        batches = {"batch_sampler": shared}
    return _loader(samples, batches, num_workers=num_workers, seed=seed)


def evaluation_loader(
    samples: SampleSet, batch_size: int, *, num_workers: int, share: Share | None = None
) -> BatchLoader:
    """Build the loader that shows every sample once, in stored order.

    Args:
        samples: The set.
        batch_size: Samples a batch, those of all processes together.
        num_workers: Loading processes; 0 loads in the process that asks.
        share: Of this process, which then sees its samples alone; None: it sees all.
    """
    batches: dict[str, Any] = {"batch_size": batch_size}
    if share is not None and share.processes > 1:
        batches = {"batch_sampler": evaluation_batches(len(samples), batch_size, share)}
    return _loader(samples, batches, num_workers=num_workers)


def _loader(
    samples: SampleSet, batches: dict[str, Any], *, num_workers: int, seed: int = 0
) -> BatchLoader:
    # A device makes the batches of what lives there by itself; processes would only copy them.
    placed = samples.labels.device.type != "cpu"
    num_workers = 0 if placed else num_workers
    return BatchLoader(
        samples,
        **batches,
        num_workers=num_workers,
        collate_fn=_as_is,
        pin_memory=torch.cuda.is_available() and not placed,
        persistent_workers=num_workers > 0,
        worker_init_fn=follow_parent,
        # A loader draws a seed for its workers; from its own generator, so that loading never moves
        # the global one, which initialises weights and drives dropout.
        generator=torch.Generator().manual_seed(seed % 2**63),
    )
