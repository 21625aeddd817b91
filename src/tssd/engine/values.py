"""What nodes give: counts of spikes as bytes, or real values, channels last."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError, UsageError

LARGEST = 255
LARGEST_FLOAT = np.finfo(np.float32).max


class Range(NamedTuple):
    """What values there can be: counts from 0 to `top` times a scale; top 0 = any real values."""

    scale: float
    top: int


REAL = Range(1.0, 0)


@dataclass(frozen=True, eq=False)
class Signal:
    """Values [T, N, H, W, C]; features (F,) are maps of one pixel, (1, 1, F).

    Spikes, their sums and their means over windows are counts times one scale. Where every
    timestep is the same there is but one, T = 1.

    Args:
        array: counts as uint8, or values as float32, contiguous.
        scale: of the counts; 1 for values.
        top: the largest count that there can be; 0 for values.
    """

    array: NDArray
    scale: float = 1.0
    top: int = 0

    @property
    def counts(self) -> bool:
        """Whether these are counts."""
        return self.top > 0

    @property
    def range(self) -> Range:
        """What values there can be."""
        return Range(self.scale, self.top)

    def values(self) -> NDArray[np.float32]:
        """As float32 [T, N, H, W, C]."""
        if not self.counts:
            return self.array
        return self.array.astype(np.float32) * np.float32(self.scale)

    def taken(self, samples: NDArray) -> "Signal":
        """Some of the samples, by index or mask."""
        return Signal(np.ascontiguousarray(self.array[:, samples]), self.scale, self.top)


def as_array(x: object) -> NDArray:
    """An array, or what becomes one. Raises: UsageError: it does not, or not one of numbers."""
    try:
        array = np.asarray(x)
    # Lists of several lengths; a tensor that is trained, on a GPU, or in bfloat16.
    except (ValueError, TypeError, RuntimeError) as error:
        raise UsageError(
            f"input: got a {type(x).__name__} that is no array ({' '.join(str(error).split())}), "
            "expected real numbers; of a tensor x.detach().float().cpu().numpy()"
        ) from error
    if array.dtype.kind not in "buif":
        raise UsageError(f"input: got {array.dtype}, expected real numbers; x.astype('float32')")
    return array


def from_input(x: NDArray, timesteps: int | None, shape: tuple[int, ...]) -> tuple[Signal, int]:
    """The network's input and T.

    Whole numbers from 0 to 255, as frames of events hold them, become counts.

    Args:
        x: images [N, C, H, W] or frames [T, N, C, H, W].
        timesteps: T; needed for images, and of frames the first ones.
        shape: (C, H, W) of one sample.
    Raises: UsageError: another shape, no numbers, or no timesteps.
    """
    x = as_array(x)
    if x.ndim not in (4, 5) or x.shape[-3:] != tuple(shape) or 0 in x.shape:
        raise UsageError(
            f"input: got shape {list(x.shape)}, expected images [N, {sizes(shape)}] or frames "
            f"[T, N, {sizes(shape)}]; resize the samples to those that the network was trained on"
        )
    most = None if x.ndim == 4 else len(x)
    if timesteps is None:
        timesteps = most
    if isinstance(timesteps, np.integer):
        timesteps = int(timesteps)
    if type(timesteps) is not int or not 1 <= timesteps <= (most or timesteps):
        has = f"the {most} timesteps of the frames" if most else "images, which need timesteps >= 1"
        raise UsageError(f"timesteps: got {timesteps!r}, but the input is {has}")
    if most is None:
        x = x[np.newaxis]
    # A view that repeats one timestep in time.
    x = x[:1] if x.strides[0] == 0 else x[:timesteps]
    return signal_of(x.transpose(0, 1, 3, 4, 2)), timesteps


def signal_of(x: NDArray) -> Signal:
    """Values [T, N, H, W, C] as counts if they are some, else as float32.

    Raises: DataError: values that are not finite, or would not be as float32.
    """
    low, high = x.min(), x.max()
    if not (low >= -LARGEST_FLOAT and high <= LARGEST_FLOAT):  # nor is NaN
        raise DataError("input: it holds NaN or infinite values, expected finite float32")
    # Copies: kernels are compiled for arrays that may be written, and these are often views.
    if low >= 0 and high <= LARGEST:
        counts = np.array(x, dtype=np.uint8, order="C")
        if x.dtype.kind in "bu" or np.array_equal(counts, x):
            return Signal(counts, top=max(int(high), 1))
    return Signal(np.array(x, dtype=np.float32, order="C"))


def channels_first(array: NDArray, shape: tuple[int, ...]) -> NDArray:
    """From [T, N, H, W, C] to [T, N, *shape], shape (C, H, W) or (F,)."""
    if len(shape) == 1:
        return array.reshape(*array.shape[:2], *shape)
    return array.transpose(0, 1, 4, 2, 3)


def sizes(shape: tuple[int, ...]) -> str:
    """A shape as it stands in a message, after the axes in front of it."""
    return ", ".join(map(str, shape))
