"""Inputs, as counts or values."""

import numpy as np
import pytest

from tssd.engine.values import REAL, Signal, channels_first, from_input, signal_of
from tssd.errors import DataError, UsageError

from .small import frames, images

SHAPE = (2, 9, 8)


def test_images_are_one_timestep_for_all():
    signal, timesteps = from_input(images(), 4, SHAPE)
    assert timesteps == 4
    assert not signal.counts
    assert signal.array.shape == (1, 3, 9, 8, 2)
    assert np.array_equal(signal.array[0, 1, 2, 3], images()[1, :, 2, 3])


def test_frames_of_events_are_counts():
    signal, timesteps = from_input(frames(), None, SHAPE)
    assert (timesteps, signal.array.dtype, signal.top) == (4, np.uint8, frames().max())
    assert np.array_equal(channels_first(signal.values(), SHAPE), frames())
    assert from_input(frames(), 2, SHAPE)[0].array.shape[0] == 2


def test_a_view_that_repeats_an_image_is_one_timestep():
    repeated = np.broadcast_to(images(), (5, *images().shape))
    assert from_input(repeated, None, SHAPE)[0].array.shape[0] == 1


def test_a_count_without_events_still_has_a_top():
    assert signal_of(np.zeros((1, 1, 2, 2, 1), np.float32)).top == 1


def test_a_signal_says_what_values_there_can_be():
    array = np.zeros((1, 1, 2, 2, 1), np.uint8)
    assert Signal(array, 0.5, 3).range == (0.5, 3)
    assert Signal(array.astype(np.float32)).range == REAL


def test_samples_are_taken_by_a_mask():
    signal = Signal(np.arange(6, dtype=np.uint8).reshape(1, 3, 1, 1, 2), 0.5, 5)
    taken = signal.taken(np.array([True, False, True]))
    assert taken.values().ravel().tolist() == [0, 0.5, 2, 2.5]


@pytest.mark.parametrize(
    ("x", "timesteps", "message"),
    [
        (images()[0], 1, r"input: got shape \[2, 9, 8\]"),
        (images(), None, "timesteps: got None, but the input is images"),
        (frames(), 5, "timesteps: got 5, but the input is the 4 timesteps"),
        (images(0), 1, "expected images"),
        (images().astype(complex), 1, "input: got complex128, expected real numbers"),
        (np.full((1, *SHAPE), "1"), 1, "input: got <U1, expected real numbers"),
        ([[1, 2], [3]], 1, r"input: got a list that is no array \(.*inhomogeneous"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x, timesteps, message):
    with pytest.raises(UsageError, match=message):
        from_input(x, timesteps, SHAPE)


def test_timesteps_may_be_a_number_of_numpy():
    assert from_input(images(), np.int64(3), SHAPE)[1] == 3
    with pytest.raises(UsageError, match="timesteps: got .*True"):
        from_input(images(), np.True_, SHAPE)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, -1e300])
def test_values_that_are_not_finite_as_float32_are_refused(value):
    x = images().astype(np.float64)
    x[0, 0, 0, 0] = value
    with pytest.raises(DataError, match="NaN or infinite"):
        from_input(x, 1, SHAPE)
