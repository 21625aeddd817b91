from functools import partial

import numpy as np
import pytest
import torch

from events.datasets.heidelberg_files import shd, trains
from tssd.data import SHD, SSC
from tssd.errors import UsageError
from tssd.events import FixedTime
from tssd.testing import check_data_module

from .event_folders import connected


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return shd(tmp_path_factory.mktemp("shd"), train=30)


def by_the_book(times, units, *, groups, slices, dt):
    """Spikes counted one after the other: [T, U]."""
    counts = np.zeros((slices, groups), dtype=int)
    begin = round(float(times[0]) * 1e6)
    for t, unit in zip(times, units, strict=True):
        k = (round(float(t) * 1e6) - begin) // round(dt * 1000)
        if k < slices:
            counts[k, int(unit) * groups // 700] += 1
    return counts


@pytest.mark.parametrize("groups", [None, 140, 9])
def test_counts_of_each_unit_are_the_channels(root, tmp_path, groups):
    times, units = trains(tmp_path / "SHD/shd_train.h5", [0, 1, 2, 0])
    trains(tmp_path / "SHD/shd_test.h5", [0, 1])
    data = connected(SHD, tmp_path, size=groups, val_share=0, slicing=FixedTime(20.0))
    wide = groups or 700
    assert data.sample_shape == (wide, 1, 1)
    x, y = data.dataset("train").batch(range(4))
    assert (x.shape, x.dtype, y.tolist()) == ((4, 4, wide, 1, 1), torch.uint8, [0, 1, 2, 0])
    for n in range(4):
        expected = by_the_book(times[n], units[n], groups=wide, slices=4, dt=20.0)
        np.testing.assert_array_equal(x[:, n, :, 0, 0], expected)


def test_it_keeps_the_contract_of_a_data_module(root):
    check_data_module(partial(SHD, str(root), allow_incomplete=True, size=20))


def test_the_mean_of_a_group_is_the_sum_over_its_units(root):
    sums, means = (connected(SHD, root, size=140, pool=pool) for pool in ("sum", "mean"))
    (x, _), (y, _) = (next(iter(data.test_dataloader())) for data in (sums, means))
    torch.testing.assert_close(y * 5, x.float())
    assert (sums.mean, sums.std) == ((0.0,) * 140, (1.0,) * 140)


def test_ssc_validates_on_its_own_part(tmp_path):
    for part, count in (("train", 6), ("test", 4), ("valid", 3)):
        trains(tmp_path / f"SSC/ssc_{part}.h5", [n % 3 for n in range(count)])
    data = connected(SSC, tmp_path, size=10)
    assert data.split_sizes == {"train": 6, "val": 3, "test": 4}
    assert data.class_names == ("zero", "eins", "zwei")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 701}, "data.size: got 701, expected 1 to 700 cells"),
        ({"augment": [object()]}, "data.augment: got 1 augmentations .* SHD has no pixels"),
    ],
)
def test_options_that_fit_cameras_alone_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        SHD(**options)
