import pytest

from tssd.data.slices import MOST_SLICES, check_slices, slices_for
from tssd.errors import UsageError
from tssd.events.slicing import EqualCount, EqualTimeShare, FixedTime


@pytest.mark.parametrize(("asked", "cut"), [(None, 6), (6, 6), (9, 9)])
def test_as_many_as_the_longest_run_or_as_asked_for(asked, cut):
    assert slices_for(FixedTime(10), asked, student=2, teacher=4, longest=6) == cut


def test_fewer_than_the_longest_run_are_refused():
    with pytest.raises(UsageError, match="data.slices: got 5, but .* up to 6 .* at least 6, or"):
        slices_for(FixedTime(10), 5, student=2, teacher=4, longest=6)


@pytest.mark.parametrize("slicing", [EqualCount(), EqualTimeShare()])
def test_shares_of_a_recording_fit_one_length_alone(slicing):
    assert slices_for(slicing, None, student=4, teacher=4, longest=4) == 4
    with pytest.raises(UsageError, match="the student's 2 timesteps must be the first of"):
        slices_for(slicing, None, student=2, teacher=4, longest=4)
    for asked, longest in ((None, 6), (6, 4)):
        with pytest.raises(UsageError, match="trained at 4 timesteps but .* cut into 6: use"):
            slices_for(slicing, asked, student=4, teacher=4, longest=longest)


def test_the_most_are_what_fits_memory():
    check_slices(MOST_SLICES)
    for number in (0, MOST_SLICES + 1):
        with pytest.raises(UsageError, match=f"slices: got {number}, expected 1 to 10000 time"):
            check_slices(number)
    with pytest.raises(UsageError, match="slices: got 10001"):
        slices_for(FixedTime(10), None, student=2, teacher=4, longest=MOST_SLICES + 1)
