"""What is no sequence in time is refused in one line."""

import numpy as np
import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.neurons import LIF, PLIF
from tssd.time import PerStep, TimeFold, repeat_in_time, time_mean


@pytest.mark.parametrize("x", [[1.0], np.ones(3)])
def test_what_is_no_tensor_is_not_repeated(x):
    with pytest.raises(UsageError, match=r"^input: got a (list|ndarray), expected a tensor \[N, "):
        repeat_in_time(x, 2)


@pytest.mark.parametrize("x", [[[1.0]], np.ones((3, 2))])
@pytest.mark.parametrize(
    "part", [TimeFold(nn.ReLU()), PerStep(nn.ReLU()), LIF(), PLIF(), vgg9(width=1 / 16)]
)
def test_what_is_no_tensor_is_no_sequence(part, x):
    told = r"^input: got a (list|ndarray), expected a tensor \[.*; torch.as_tensor\(x\) makes one"
    with pytest.raises(UsageError, match=told):
        part(x)
    if hasattr(part, "stages"):
        with pytest.raises(UsageError, match=told):
            part.step(x, None)


def test_a_part_of_a_timestep_is_none():
    with pytest.raises(UsageError, match=r"^timesteps: got 1.5, expected a whole number >= 1$"):
        repeat_in_time(torch.rand(2), 1.5)
    with pytest.raises(UsageError, match=r"^timesteps: got 1.5, expected a whole number >= 1$"):
        time_mean(torch.rand(3, 2), 1.5)
    assert repeat_in_time(torch.rand(2), np.int64(3)).shape == (3, 2)


def test_a_fold_needs_time_and_batch():
    with pytest.raises(UsageError, match=r"^input: got shape \[2\], expected \[T, N, ...\]$"):
        TimeFold(nn.Linear(2, 2))(torch.rand(2))


@pytest.mark.parametrize("fold", [TimeFold, PerStep])
@pytest.mark.parametrize("samples", [1, 2])
def test_what_more_samples_would_not_help_is_said_as_the_layer_says_it(fold, samples):
    flat = fold(nn.BatchNorm2d(3)).eval()
    with pytest.raises(ValueError, match="^expected 4D input"):
        flat(torch.rand(4, samples, 3))
