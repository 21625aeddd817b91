"""Test samples of a run as plain arrays, for runtimes that know no torch."""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

if TYPE_CHECKING:
    # No more: processes whose memory is measured import this module, and no torch.
    from tssd.data import DataModule


class Inputs(NamedTuple):
    """Normalised as in training.

    Args:
        x: images [N, C, H, W], or frames [T, N, C, H, W], float32.
        y: their classes [N].
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]


def spread_test_samples(data: "DataModule", timesteps: int, samples: int) -> Inputs:
    """Test samples, evenly spread over all; all of them if there are no more.

    Args:
        data: of a run; from then on it has no other test samples, and reads no others.
        timesteps: the most that are run for.
        samples: how many.
    Raises: DataError: data that are not there, or damaged. UsageError: frames of fewer timesteps.
    """
    test = data.split.test
    chosen = np.linspace(0, len(test), min(samples, len(test)), endpoint=False).astype(int)
    # Only these are read from the disk.
    data.split = replace(data.split, test=test[chosen])
    x, y = data.dataset("test").batch(range(len(chosen)))
    if x.dim() == 5 and len(x) < timesteps:
        raise UsageError(
            f"timesteps: got {timesteps}, but the test samples have {len(x)} frames; give less, or "
            "cut the recordings into more"
        )
    return Inputs(np.ascontiguousarray(x.float().numpy()), np.asarray(y, np.int64))


def take(x: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
    """Some samples of `Inputs.x` in a row, from the start again where it ends."""
    index, axis = range(first, first + count), 1 if x.ndim == 5 else 0
    return np.ascontiguousarray(x.take(index, axis, mode="wrap"))
