"""What an augmentation draws for each sample of a batch: a pure function of its counters."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tssd.data.counter_random import AUGMENT_STREAM, random_bits


@dataclass(frozen=True)
class Draws:
    """Random numbers of one augmentation, one for each sample of the batch.

    The time step is no counter, so a draw holds for all of a recording, however long it is.

    Args:
        seed: Any integer.
        epochs: Epoch of each sample, int64 [N].
        index: Number of each sample in its data set, int64 [N].
        path: Place of the augmentation: its position in the list, then in the policy around it.
    """

    seed: int
    epochs: NDArray[np.int64]
    index: NDArray[np.int64]
    path: tuple[int, ...]

    def child(self, position: int) -> "Draws":
        """Return the draws, independent of these, of part number `position`."""
        return replace(self, path=(*self.path, position))

    def rows(self, rows: NDArray[np.int64]) -> "Draws":
        """Return the draws of the chosen samples of the batch only."""
        return replace(self, epochs=self.epochs[rows], index=self.index[rows])

    def bits(self, number: int) -> NDArray[np.uint64]:
        """Return draw `number` as 64 bits a sample, [N]."""
        return random_bits(self.seed, AUGMENT_STREAM, self.epochs, self.index, *self.path, number)

    def uniform(self, number: int) -> NDArray[np.float64]:
        """Return draw `number` as numbers in [0, 1), [N]."""
        return to_unit(self.bits(number))

    def below(self, number: int, limit: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """Return draw `number` as integers in [0, limit), [N]; a limit may differ by sample."""
        return (self.uniform(number) * limit).astype(np.int64)

    def within(self, number: int, pixels: int) -> NDArray[np.int64]:
        """Return draw `number` as integers in [-pixels, pixels], [N]."""
        return self.below(number, 2 * pixels + 1) - pixels

    def one_of(self, number: int, values: tuple[float, ...]) -> NDArray[np.float64]:
        """Return draw `number` as one of the values, all equally likely, [N]."""
        return np.asarray(values, dtype=np.float64)[self.below(number, len(values))]


def to_unit(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Map 64 random bits to [0, 1): the upper 53, which a float64 holds exactly."""
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
