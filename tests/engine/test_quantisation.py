"""Whole numbers and what their sums reach, by hand and by trying."""

import numpy as np
import pytest

from tssd.engine.quantisation import bits_of, events_within_int16, is_exact, quantised
from tssd.errors import UsageError


def test_an_outputs_largest_weight_is_the_largest_whole_number():
    matrix = np.array([[1.0, 0.0], [-0.5, 0.0], [0.252, 0.0]], np.float32)
    whole, scale = quantised(matrix, 8)
    assert whole[:, 0].tolist() == [127, -64, 32]
    assert scale[0] == np.float32(1 / 127)
    # Nothing to scale by: an output of zeros stays one.
    assert whole[:, 1].tolist() == [0, 0, 0]
    assert np.abs(quantised(matrix, 7)[0]).max() == 63


def test_weights_are_half_a_step_away_at_most():
    matrix = np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32)
    for bits in (7, 8):
        whole, scale = quantised(matrix, bits)
        assert np.array_equal(whole, np.rint(whole))
        assert (np.abs(whole * scale - matrix) <= 0.5001 * scale).all()


def test_so_many_rows_fit_into_16_bits_whichever_they_are():
    # 258 * 127 = 32766, and one more does not fit.
    assert events_within_int16(np.full((1000, 2), -127, np.float32)) == 258
    assert events_within_int16(np.full((100, 2), 127, np.float32)) == 100
    matrix = np.zeros((400, 2), np.float32)
    matrix[:300, 1] = 127
    assert events_within_int16(matrix) == 258


@pytest.mark.parametrize("repeats", [2, 3])
def test_rows_that_come_more_than_once_are_added_as_often(repeats):
    random = np.random.default_rng(repeats)
    for rows in (1, 50, 100, 300, 1000):
        largest = random.integers(1, 128, 8)
        matrix = np.rint(random.uniform(-1, 1, (rows, 8)) * largest).astype(np.float32)
        copied = events_within_int16(np.repeat(matrix, repeats, axis=0))
        assert events_within_int16(matrix, repeats) == copied
    # 86 rows three times are 32766 of 32767, of two times the last has but one of them left.
    assert events_within_int16(np.full((200, 1), 127, np.float32), repeats) == 258
    assert events_within_int16(np.full((100, 1), 5000, np.float32), repeats) == 6


def test_sums_are_exact_below_two_to_the_24():
    matrix = np.full((1000, 1), 100, np.float32)
    assert is_exact(matrix, 167)
    assert not is_exact(matrix, 168)


def test_an_unknown_name_is_refused():
    assert [bits_of(name) for name in ("float32", "int8", "int7")] == [0, 8, 7]
    with pytest.raises(UsageError, match="expected one of float32, int8, int7"):
        bits_of("fp16")
