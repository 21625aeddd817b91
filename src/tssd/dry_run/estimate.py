"""How long a whole run takes, of what a few steps took."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tssd.training.needs.measured import Measured


@dataclass(frozen=True)
class Estimate:
    """Seconds of a whole run, loading not counted.

    Args:
        epochs: how many.
        epoch: seconds an epoch, with its share of the validations.
        evaluation: seconds of the evaluations at the end.
    """

    epochs: int
    epoch: float
    evaluation: float

    @classmethod
    def of(
        cls,
        measured: Measured,
        sizes: Mapping[str, int],
        batch_size: int,
        epochs: int,
        *,
        validated_every: int = 1,
        devices: int = 1,
    ) -> Self:
        """Multiply.

        Args:
            measured: a step and an evaluated batch, of one device.
            sizes: samples in train, val and test.
            batch_size: samples a batch.
            epochs: of the run.
            validated_every: epochs from one validation to the next.
            devices: that share a batch in training and validation; one alone evaluates.
        """
        batches = {part: math.ceil(n / batch_size) for part, n in sizes.items()}
        share = epochs // validated_every / epochs
        epoch = batches["train"] * measured.step + share * batches["val"] * measured.validation
        # The last epoch is evaluated on the test samples, and with validation samples the best.
        times = 2 if sizes["val"] else 1
        tests = math.ceil(sizes["test"] / math.ceil(batch_size / devices))
        return cls(epochs, epoch, times * tests * measured.evaluation)

    @property
    def seconds(self) -> float:
        """Of all of it."""
        return self.epochs * self.epoch + self.evaluation


def duration(seconds: float | None) -> str:
    """A time for people, in two units at most.

    >>> duration(0.35), duration(5), duration(90), duration(11_400)
    ('0.35 s', '5 s', '1 min 30 s', '3 h 10 min')
    >>> duration(200_000), duration(None)
    ('2 d 8 h', 'unknown')
    """
    if seconds is None or not math.isfinite(seconds):
        return "unknown"
    if seconds < 0.995:
        return f"{seconds:.2g} s"
    for longest, part, names in ((3_600, 1, ("min", "s")), (86_400, 60, ("h", "min"))):
        if (parts := round(seconds / part)) * part < longest:
            return _two(parts, 60, *names)
    return _two(round(seconds / 3_600), 24, "d", "h")


def in_gib(count: int) -> str:
    """Bytes as GiB.

    >>> in_gib(3 << 29)
    '1.50 GiB'
    """
    return f"{count / (1 << 30):.2f} GiB"


def _two(parts: int, size: int, whole: str, part: str) -> str:
    """So many parts, of which `size` make a whole: 90 s are 1 min 30 s."""
    counts = ((parts // size, whole), (parts % size, part))
    return " ".join(f"{n} {name}" for n, name in counts if n)
