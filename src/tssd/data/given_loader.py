"""A DataLoader of the user's own, as training and evaluation here take one."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader

from tssd.data.counter_random import GIVEN_STREAM, random_bits
from tssd.data.given_items import INPUTS, REMEDIES, Kind, in_words
from tssd.data.global_generators import generators_kept, seed_generators
from tssd.data.loading import Batch
from tssd.errors import DataError, UsageError

_END = object()


class GivenLoader:
    """Batches of a DataLoader, whose order depends on seed and epoch alone.

    What its sampler and, with no workers, its Dataset draw from the global generators of Python,
    NumPy and torch, or from the loader's own generator, depends on the seed, the epoch and the
    number of the batch; the global ones are left as they were. Workers that persist from epoch to
    epoch, and generators that sampler or Dataset hold themselves, go on as they please.

    Args:
        name: What the set is called in messages: train, val or test.
        loader: Of batches (x, y), x [N, C, H, W] or [N, T, C, H, W] or, where a collate_fn of
            one's own makes it so, [T, N, C, H, W]; y [N].
        seed: Of the draws.

    Raises:
        UsageError: It has no length, or a batch of frames whose axes can't be told apart.
        DataError: Its first batch is none.
    """

    batch_sampler = None  # Lightning asks for it where there is a `sampler`

    def __init__(self, name: str, loader: DataLoader[Any], *, seed: int = 0) -> None:
        self.name = name
        self.loader = loader
        self._seed = seed
        self._epoch = 0
        try:
            self._length = len(loader)
        except TypeError as error:
            raise UsageError(
                f"{name}: a DataLoader of a {type(loader.dataset).__name__} has no length, which "
                "schedules need; give its Dataset a __len__"
            ) from error
        if not self._length:
            raise UsageError(f"{name}: a DataLoader without batches, expected 1 or more")
        self._time_first = False
        self.first = self._first()
        self.kind = Kind.of(self.first[0][0] if self.first[0].dim() == 4 else self.first[0][:, 0])

    def __len__(self) -> int:
        return self._length

    @property
    def samples(self) -> int:
        """Number of samples of an epoch; of loaders that do not say, that of full batches."""
        batches = self.loader.batch_sampler
        if isinstance(batches, list | tuple):
            return sum(map(len, batches))
        try:
            # Without samples to put together, what the sampler counts are batches.
            count = len(getattr(batches, "sampler", None))  # pyright: ignore
        except TypeError:
            return self._length * self.batch_size
        size = getattr(batches, "drop_last", False) and getattr(batches, "batch_size", None)
        return count - count % size if size else count

    @property
    def batch_size(self) -> int:
        """Samples a batch: the loader's, else that of the first one."""
        return self.loader.batch_size or len(self.first[1])

    def size_of(self, number: int) -> int:
        """Return the samples of batch `number` of an epoch, as batch_size and sampler make it.

        Raises:
            UsageError: They do not say it before the batch is there.
        """
        made = self.loader.batch_sampler
        try:
            if type(made) is BatchSampler:
                return min(made.batch_size, len(made.sampler) - number * made.batch_size)  # pyright: ignore
        except TypeError:  # a sampler without a length
            pass
        raise UsageError(
            f"{self.name}: how large the batches of this DataLoader are is not known before they "
            "are there, and trainer.accumulate needs it; give it batch_size=... in place of a "
            "batch_sampler, or give its Dataset"
        )

    def check_size(self, number: int, size: int) -> None:
        """Compare a batch with what `size_of` says of it.

        Raises:
            DataError: A collate_fn has made it of another size.
        """
        if size != (said := self.size_of(number)):
            raise DataError(
                f"{self.name}: batch {number} has {size} samples, where its DataLoader has {said}, "
                "so that trainer.accumulate can't weigh it; let the collate_fn keep all samples, "
                "or raise batch_size in place of trainer.accumulate"
            )

    @property
    def sampler(self) -> "GivenLoader":
        """Itself: Lightning tells the epoch to a loader's sampler."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        self._epoch = epoch
        for owner in self._samplers:
            own = getattr(owner, "set_epoch", None)
            if callable(own):
                own(epoch)

    def __iter__(self) -> Iterator[Batch]:
        """Iterate over the batches, frames as [T, N, C, H, W]."""
        for batch in self._raw(self._epoch):
            yield self._arranged(batch)

    @property
    def _samplers(self) -> tuple[Any, Any]:
        """The sampler of batches, and that of samples inside it."""
        batches = self.loader.batch_sampler
        # Beside a batch_sampler of one's own `loader.sampler` is torch's default, asked by nobody.
        return batches, getattr(batches, "sampler", self.loader.sampler)

    def _raw(self, epoch: int) -> Iterator[Any]:
        batches, number = iter(()), 0
        while True:
            with generators_kept():
                seed = int(random_bits(self._seed, GIVEN_STREAM, epoch, number))
                seed_generators(seed)
                if number == 0:
                    self._seed_own(seed)
                    batches = iter(self.loader)
                batch = next(batches, _END)
            if batch is _END:
                return
            yield batch
            number += 1

    def _seed_own(self, seed: int) -> None:
        for owner in (self.loader, *self._samplers):
            generator = getattr(owner, "generator", None)
            if isinstance(generator, torch.Generator):
                generator.manual_seed(seed % 2**63)

    def _first(self) -> Batch:
        for batch in self._raw(0):
            x, y = self._pair(batch)
            if x.dim() == 5:
                self._time_first = x.shape[1] == len(y) != x.shape[0]
                if x.shape[0] == x.shape[1] == len(y):
                    raise UsageError(
                        f"{self.name}: batches of {list(x.shape)} for {len(y)} labels may be [N, "
                        "T, C, H, W] or [T, N, C, H, W]; take another batch_size"
                    )
            return self._arranged(batch)
        raise UsageError(f"{self.name}: a DataLoader without batches, expected 1 or more")

    def _pair(self, batch: Any) -> Batch:
        where = f"{self.name}: a batch"
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise DataError(
                f"{where} is {in_words(batch)}, expected a pair (x, y); let the collate_fn return "
                "the inputs and their classes"
            )
        x, y = batch
        right = isinstance(x, Tensor) and x.dim() in (4, 5) and 0 not in x.shape
        if not right or (x.dim() == 4 and not x.is_floating_point()):
            hint = (
                REMEDIES.get(x.dim() - 1, "") if isinstance(x, Tensor) and 0 not in x.shape else ""
            )
            hint = hint.replace("; ", "; in its Dataset ", 1)
            raise DataError(f"{where} has {in_words(x)} for x, expected N times {INPUTS}{hint}")
        if not isinstance(y, Tensor):
            raise DataError(f"{where} has {in_words(y)} for y, expected class numbers, int64 [N]")
        return x, y

    def _arranged(self, batch: Any) -> Batch:
        x, y = self._pair(batch)
        x = x.float() if x.is_floating_point() else x
        return (x.transpose(0, 1), y) if x.dim() == 5 and not self._time_first else (x, y)
