"""Random numbers as a pure function of (seed, counters): no state to save, none to share.

Splits, shuffling and augmentation all draw from here, so what an image looks like in epoch 7 does
not depend on how many workers load it, on what was drawn before it, or on the version of a library.
"""

import numpy as np
from numpy.typing import NDArray

# One number per purpose keeps the streams of one seed independent of each other.
SPLIT_STREAM = 1
SHUFFLE_STREAM = 2
AUGMENT_STREAM = 3
WORKER_STREAM = 4
FLIP_STREAM = 5
CUTOUT_STREAM = 6
GIVEN_STREAM = 10

_MASK = (1 << 64) - 1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def random_bits(seed: int, *counters: int | NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 random bits for every combination of the counters, which broadcast against each other.

    Args:
        seed: Any integer; taken modulo 2^64.
        counters: What the number belongs to, for example stream, epoch and image index.

    Source: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), chained.
    """
    with np.errstate(over="ignore"):  # wrapping modulo 2^64 is the point
        bits = _mix(np.asarray(seed & _MASK, dtype=np.uint64) + _GOLDEN)
        for counter in counters:
            counter = np.asarray(counter, dtype=np.int64).astype(np.uint64)
            bits = _mix(bits ^ _mix(counter + _GOLDEN))
    return np.asarray(bits)


def below(
    bits: NDArray[np.uint64], limit: int, *, shift: int, width: int = 16
) -> NDArray[np.int64]:
    """Integers in [0, limit) made of the `width` bits that start at `shift`, at most 32.

    Their chances are even as long as limit is far below 2^width: at most 2^10 for 16 bits.
    """
    chunk = (bits >> np.uint64(shift)) & np.uint64((1 << width) - 1)
    return ((chunk * np.uint64(limit)) >> np.uint64(width)).astype(np.int64)
