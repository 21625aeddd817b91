"""The monitor and the enlarged, shifted picture."""

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.simulate.scene import Monitor, Scene, enlarging


def test_black_is_the_glow_and_white_is_one_more():
    light = Monitor(gamma=2.0, glow=0.1).luminance(np.array([[0, 255]], dtype=np.uint8))
    assert light == pytest.approx(np.array([[0.1, 1.1]]))


def test_grey_in_three_channels_is_as_bright_as_grey_in_one():
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4) * 16
    one, three = (Monitor().luminance(image) for image in (grey, np.stack([grey] * 3)))
    assert three == pytest.approx(one)
    assert Monitor().luminance(grey[None]) == pytest.approx(one)


def test_green_is_brighter_than_red_and_red_than_blue():
    full = np.zeros((3, 1, 3), dtype=np.uint8)
    full[[0, 1, 2], 0, [0, 1, 2]] = 255
    red, green, blue = Monitor().luminance(full)[0]
    assert green > red > blue


def test_doubling_interpolates_halfway_between_the_pixels():
    # Sensor pixel centres lie at -0.25, 0.25, 0.75, 1.25 image pixels, clamped at the border.
    weights = enlarging(2, 2, 4, 0)
    assert weights == pytest.approx(np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]))


def test_halving_averages_over_a_triangle_that_loses_no_pixel():
    weights = enlarging(8, 8, 4, 0)
    assert weights.sum(axis=1) == pytest.approx(np.ones(4))
    assert weights[1:3].sum(axis=0)[2:6] == pytest.approx([0.5] * 2 + [0.5] * 2, abs=0.15)
    assert (weights > 0).sum(axis=1).tolist() == [3, 4, 4, 3]


def test_a_wide_image_is_cut_to_its_middle():
    image = np.repeat(np.array([[1.0, 2, 3, 4, 5, 6]]), 2, axis=0)
    seen = Scene(image, 2, reach=0).shifted(0, 0)
    assert np.exp(seen) == pytest.approx([3, 4, 3, 4])


def test_moving_right_by_whole_pixels_moves_the_picture_right():
    image = np.random.default_rng(0).uniform(0.1, 1, (8, 8))
    scene = Scene(image, 8, reach=3)
    still, moved = (scene.shifted(*by).reshape(8, 8) for by in ((0, 0), (2, -1)))
    assert np.exp(still) == pytest.approx(image, rel=1e-6)
    assert moved[:7, 2:] == pytest.approx(still[1:, :6])
    assert moved[:7, 0] == pytest.approx(still[1:, 0])  # the border value goes on


def test_half_a_pixel_is_the_mean_of_neighbours_in_log_intensity():
    scene = Scene(np.exp(np.array([[0.0, 1.0], [0.0, 1.0]])), 2, reach=1)
    assert scene.shifted(0.5, 0) == pytest.approx([0, 0.5, 0, 0.5], abs=1e-6)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), dtype=np.float32),
        np.zeros((4, 4, 3), dtype=np.uint8),
        np.zeros((0, 4), dtype=np.uint8),
        np.zeros(4, dtype=np.uint8),
    ],
)
def test_something_else_than_an_image_is_refused(image):
    with pytest.raises(UsageError, match="expected uint8"):
        Monitor().luminance(image)


@pytest.mark.parametrize("options", [{"gamma": 0.0}, {"glow": -0.1}])
def test_a_value_out_of_range_is_refused(options):
    with pytest.raises(UsageError, match="monitor .* expected more than 0"):
        Monitor(**options)
