from dataclasses import replace

import numpy as np
import pytest
import torch

from tssd.exporting.samples import calibration_samples, some_test_samples
from tssd.reopened.open_run import load_parts


@pytest.fixture(scope="module")
def parts(trained):
    return load_parts(trained, [])


def test_samples_are_spread_over_the_test_part(parts):
    x = some_test_samples(parts, 3)
    dataset = parts.data.dataset("test")
    expected, _ = dataset.batch([0, (len(dataset) - 1) // 2, len(dataset) - 1])
    assert x.shape == (4, 3, 1, 16, 16)
    assert all(torch.equal(x_t, expected) for x_t in x)
    assert some_test_samples(parts, 10_000).shape[1] == len(dataset)


def test_calibration_sees_no_test_sample_and_leaves_the_split_as_it_is(parts):
    before = parts.data.split
    assert calibration_samples(parts, 4).shape == (4, 4, 1, 16, 16)
    assert parts.data.split is before


@pytest.mark.parametrize(("missing", "found"), [(("val",), 2), (("val", "train"), 0)])
def test_without_validation_samples_training_samples_will_do(parts, missing, found):
    before = parts.data.split
    parts.data.split = replace(before, **dict.fromkeys(missing, np.arange(0)))
    assert calibration_samples(parts, 2).shape == (4, found, 1, 16, 16)
    parts.data.split = before
