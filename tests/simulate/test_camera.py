"""The camera: nominal and mismatched thresholds, and values that make no sense."""

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.simulate.camera import DVS128, LEAST_SHARE, DvsCamera


def test_an_ideal_camera_has_the_same_thresholds_everywhere():
    on, off = DvsCamera(threshold_on=0.25, threshold_off=0.5, size=4).thresholds(0)
    assert on.tolist() == [0.25] * 16 and off.tolist() == [0.5] * 16
    assert on.dtype == np.float32


def test_mismatch_spreads_the_thresholds_by_its_standard_deviation():
    on, off = DvsCamera(threshold_on=0.3, threshold_off=0.4, mismatch=0.02).thresholds(1)
    assert (on.mean(), off.mean()) == pytest.approx((0.3, 0.4), abs=1e-3)
    assert (on.std(), off.std()) == pytest.approx((0.02, 0.02), rel=0.03)
    assert abs(np.corrcoef(on, off)[0, 1]) < 0.05


def test_the_seed_is_the_camera():
    first, again, other = (DVS128.thresholds(seed)[0] for seed in (5, 5, 6))
    assert (first == again).all() and (first != other).any()


def test_no_threshold_comes_near_zero():
    on, _ = DvsCamera(threshold_on=0.1, mismatch=1.0).thresholds(0)
    assert on.min() == pytest.approx(LEAST_SHARE * 0.1)


def test_pixels_of_a_running_camera_are_anywhere_between_their_thresholds():
    camera = DvsCamera(threshold_on=0.2, threshold_off=0.6, mismatch=0.01, running=True)
    lead = camera.lead(1, 2)
    on, off = camera.thresholds(1)
    assert lead is not None and (lead < on).all() and (lead > -off).all()
    assert (lead.mean(), lead.std()) == pytest.approx((-0.2, 0.8 / 12**0.5), abs=0.01)
    again, other = camera.lead(1, 2), camera.lead(1, 3)
    assert again is not None and other is not None
    assert (lead == again).all() and (lead != other).any()
    assert DvsCamera().lead(1, 2) is None


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"threshold_on": 0.005}, "threshold_on is 0.005"),
        ({"threshold_off": float("nan")}, "threshold_off is nan"),
        ({"mismatch": -0.1}, "mismatch is -0.1"),
        ({"refractory": -1.0}, "refractory is -1.0"),
        ({"noise_rate": float("inf")}, "noise_rate is inf"),
        ({"size": 0}, "size is 0"),
        ({"size": 129}, "size is 129"),
    ],
)
def test_a_value_out_of_range_is_refused(options, found):
    with pytest.raises(UsageError, match=f"camera {found}, expected"):
        DvsCamera(**options)
