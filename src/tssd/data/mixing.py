"""Mixup and CutMix: every training sample gets a part of another one, and of its label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn.functional import one_hot
from torchvision.transforms import v2

from tssd.data.counter_random import MIX_STREAM, random_bits
from tssd.data.global_generators import generators_kept, seed_generators
from tssd.data.loading import Batch, Numbers, SampleSet, epoch_order, numbers_on


@dataclass(frozen=True)
class Mixing:
    """How the samples of a batch are mixed: all of them in the same way, each with the one before.

    What happens to a batch is a pure function of (seed, epoch, its number in the epoch). With both,
    it is one or the other, with even chances.

    Args:
        mixup: alpha of mixup's Beta(alpha, alpha), above 0; None: no mixup.
        cutmix: alpha of CutMix's, above 0; None: no CutMix.
        seed: Seed of the draws.

    Source: Zhang et al. 2018, arXiv:1710.09412; Yun et al. 2019, arXiv:1905.04899. Pairs and draws
        as torchvision has them.
    """

    mixup: float | None
    cutmix: float | None
    seed: int

    def __call__(
        self, x: Tensor, y: Tensor, others: Batch, *, epoch: int, batch: int
    ) -> tuple[Tensor, Tensor]:
        """Mix samples of one batch with others.

        Args:
            x: Images [N, C, H, W].
            y: Shares of their classes, [N, K].
            others: Those that they are mixed with, and their shares.
            epoch: From 0.
            batch: Number of the batch in the epoch.
        """
        kind, drawn = self._draw(x, epoch, batch)
        x_other, y_other = others
        if kind is v2.MixUp:
            share = drawn["lam"]
            mixed = x_other.mul(1 - share).add_(x.mul(share))
        else:
            (left, top, right, bottom), share = drawn["box"], drawn["lam_adjusted"]
            mixed = x.clone()
            mixed[..., top:bottom, left:right] = x_other[..., top:bottom, left:right]
        return mixed, y_other.mul(1 - share).add_(y.mul(share))

    def _draw(self, x: Tensor, epoch: int, batch: int) -> tuple[type, dict[str, Any]]:
        known = [(v2.MixUp, self.mixup), (v2.CutMix, self.cutmix)]
        asked = [(kind, alpha) for kind, alpha in known if alpha is not None]
        which, seed = random_bits(self.seed, MIX_STREAM, epoch, batch, np.arange(2)).tolist()
        kind, alpha = asked[(which >> 63) % len(asked)]
        with generators_kept():
            seed_generators(seed)
            return kind, kind(alpha=alpha, num_classes=1).make_params([x])


class MixedSamples(SampleSet):
    """Training samples of another set, mixed: x [N, C, H, W] and shares of classes [N, K].

    Which sample one is mixed with, and how, follows from seed, epoch and its number: processes that
    share a batch mix it as one process does.

    Args:
        samples: The set.
        mixing: How.
        num_classes: K.
        batch_size: Samples a batch, those of all devices together.
        seed: Seed of the order of the samples.
    """

    def __init__(
        self,
        samples: SampleSet,
        mixing: Mixing,
        *,
        num_classes: int,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(samples.labels)
        self._samples, self._mixing = samples, mixing
        self._num_classes, self._batch_size, self._seed = num_classes, batch_size, seed

    def load(self, epochs: Numbers, index: Numbers) -> Tensor:
        """Images [N, C, H, W] as they are before they are mixed."""
        return self._samples.load(epochs, index)

    def pairs(self, epochs: Numbers, index: Numbers) -> tuple[Numbers, Numbers]:
        """The batch that each sample is in, by its number in the epoch; and its partner's number.

        Shapes: [N], [N] -> [N], [N].
        """
        batches, partners = np.empty_like(index), np.empty_like(index)
        for epoch in np.unique(epochs):
            order, place = _places(len(self.labels), self._seed, int(epoch))
            here = epochs == epoch
            at = place[index[here]]
            first = at - at % self._batch_size
            size = np.minimum(self._batch_size, len(order) - first)
            batches[here] = at // self._batch_size
            partners[here] = order[first + (at - first - 1) % size]
        return batches, partners

    def batch(self, items: Sequence[int | tuple[int, int]]) -> Batch:
        """The mixed batch of indices or (epoch, index) pairs."""
        pairs = np.array([(0, i) if isinstance(i, int) else i for i in items], dtype=np.int64)
        epochs, index = pairs[:, 0], pairs[:, 1].copy()
        batches, partners = self.pairs(epochs, index)
        # The partners are nearly all in the batch itself, and loaded once.
        wanted = np.stack([np.tile(epochs, 2), np.concatenate([index, partners])])
        unique, places = np.unique(wanted, axis=1, return_inverse=True)
        x = self._samples.load(unique[0], unique[1].copy())
        numbers = self._samples.numbers(unique[1].copy())
        y = one_hot(self.labels[numbers], self._num_classes).float()
        own, other = places.reshape(2, -1)
        mixed, shares = (each.new_empty((len(own), *each.shape[1:])) for each in (x, y))
        # A loader asks for one batch at a time, whatever else may ask.
        for epoch, batch in np.unique(np.stack([epochs, batches]), axis=1).T.tolist():
            rows = np.flatnonzero((epochs == epoch) & (batches == batch))
            here, mine, theirs = numbers_on(x.device, rows, own[rows], other[rows])
            mixed[here], shares[here] = self._mixing(
                x[mine], y[mine], (x[theirs], y[theirs]), epoch=epoch, batch=batch
            )
        return mixed, shares


@lru_cache(maxsize=2)
def _places(size: int, seed: int, epoch: int) -> tuple[Numbers, Numbers]:
    """The order of an epoch's samples, and where each of them stands in it."""
    order = epoch_order(size, seed, epoch)
    place = np.empty_like(order)
    place[order] = np.arange(size)
    return order, place
