"""Samples of a run's data for what is compared and calibrated."""

from dataclasses import replace

import numpy as np
from torch import Tensor

from tssd.objectives import as_sequence
from tssd.training.parts import Parts


def some_test_samples(parts: Parts, count: int) -> Tensor:
    """Test samples, evenly spread over them, as the network's input [T, N, C, H, W]."""
    return _spread(parts, "test", count)


def calibration_samples(parts: Parts, count: int) -> Tensor:
    """Validation samples, or training samples where there are none; of neither, N is 0."""
    chosen = parts.data.split
    name = "val" if len(chosen.val) else "train"
    numbers = getattr(chosen, name)
    if not len(numbers):
        return some_test_samples(parts, 1)[:, :0]
    # Only these are read from the disk.
    parts.data.split = replace(chosen, **{name: numbers[_places(len(numbers), count)]})
    try:
        return _spread(parts, name, count)
    finally:
        parts.data.split = chosen


def _spread(parts: Parts, name: str, count: int) -> Tensor:
    samples = parts.data.dataset(name)
    x, y = samples.batch(_places(len(samples), count).tolist())
    return as_sequence(x, y, parts.evaluate_timesteps, net=parts.net)


def _places(size: int, count: int) -> np.ndarray:
    return np.linspace(0, size - 1, min(count, size)).round().astype(int)
