import numpy as np
import pytest
import torch

from tssd.bench.inputs import spread_test_samples, take
from tssd.data import Digits
from tssd.errors import UsageError


@pytest.fixture
def digits():
    data = Digits(batch_size=16)
    data.connect(student=1, teacher=2, longest=2)
    return data


def test_samples_are_spread_evenly(digits):
    test = digits.split.test
    x, y = spread_test_samples(digits, 2, 3)
    assert x.shape == (3, 1, 16, 16)
    assert x.dtype == np.float32
    labels = digits.part("test")[0].labels
    assert y.tolist() == labels[test[[0, 119, 239]]].tolist()


def test_there_are_no_more_than_all(digits):
    assert len(spread_test_samples(digits, 1, 10_000).y) == 359


class Frames:
    """Six recordings of four frames, their numbers for pixels."""

    split = Digits().split

    def dataset(self, name):
        assert name == "test"
        return self

    def batch(self, chosen):
        x = torch.arange(24).view(6, 4, 1, 1, 1)[list(chosen)]
        return x.transpose(0, 1), torch.zeros(len(chosen), dtype=torch.int64)


def test_frames_keep_their_time():
    x, _ = spread_test_samples(Frames(), 4, 2)
    assert (x.shape, x.dtype) == ((4, 2, 1, 1, 1), np.float32)
    assert x[:, 1].ravel().tolist() == [4, 5, 6, 7]
    with pytest.raises(UsageError, match="timesteps: got 5, but the test samples have 4 frames"):
        spread_test_samples(Frames(), 5, 2)


def test_samples_begin_again_where_they_end():
    x = np.arange(3.0, dtype=np.float32).reshape(3, 1, 1, 1)
    assert take(x, 2, 3).ravel().tolist() == [2, 0, 1]
    assert take(x[None].repeat(2, 0), 1, 1).shape == (2, 1, 1, 1, 1)
