import numpy as np
import pytest
import torch
from torch import nn

from tssd.errors import DataError
from tssd.exporting.measure import array, measure
from tssd.exporting.request import Ran
from tssd.models import NetOutput
from tssd.time import repeat_in_time


class Own(nn.Module):
    """Answers class 0 at first, then, by the mean, class 1."""

    num_classes = 2

    def forward(self, x):
        logits = torch.zeros(*x.shape[:2], 2)
        logits[0, :, 0] = 1.0
        logits[1:, :, 1] = 3.0
        return NetOutput(logits)


def always_one(x):
    logits = np.zeros((*x.shape[:2], 2), np.float32)
    logits[..., 1] = 1
    return Ran(logits)


BATCHES = [
    (torch.zeros(2, 1, 4, 4), torch.tensor([0, 1])),
    (torch.zeros(1, 1, 4, 4), torch.tensor([1])),
]


def test_both_are_measured_at_every_timestep():
    found = measure(always_one, Own(), BATCHES, 2)
    assert found.samples == 3
    assert found.accuracy == pytest.approx((2 / 3, 2 / 3))
    assert found.accuracy_of_network == pytest.approx((1 / 3, 2 / 3))
    assert found.answers_differing == (3, 0)


def test_numbers_that_are_none_and_no_samples_are_refused():
    def broken(x):
        return Ran(always_one(x).logits * np.float32("nan"))

    with pytest.raises(DataError, match="the runtime gives NaN or infinity"):
        measure(broken, Own(), BATCHES, 2)
    with pytest.raises(DataError, match="got no test samples"):
        measure(always_one, Own(), [], 2)


def test_a_repeated_image_is_not_copied():
    assert array(repeat_in_time(torch.zeros(2, 1, 4, 4), 5)).strides[0] == 0
    assert array(torch.zeros(1, 2, dtype=torch.float64)).dtype == np.float32
