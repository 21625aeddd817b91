import numpy as np

from tssd.data.event_augment.draws import Draws, to_unit


def draws(count=40_000, path=(0,)):
    return Draws(seed=7, epochs=np.zeros(count, dtype=np.int64), index=np.arange(count), path=path)


def test_to_unit_maps_the_ends_into_zero_and_just_below_one():
    unit = to_unit(np.array([0, 1 << 63, (1 << 64) - 1], dtype=np.uint64))
    assert unit.tolist() == [0.0, 0.5, 1 - 2.0**-53]


def test_uniform_covers_the_unit_interval_evenly():
    share = np.histogram(draws().uniform(0), bins=10, range=(0, 1))[0] / 40_000
    assert abs(share - 0.1).max() < 0.0075  # five standard deviations


def test_integers_stay_in_their_range_and_reach_both_ends():
    assert set(draws().within(0, 2).tolist()) == {-2, -1, 0, 1, 2}
    assert set(draws().within(0, 0).tolist()) == {0}
    assert set(draws().below(0, 3).tolist()) == {0, 1, 2}
    limits = np.arange(40_000) % 3 + 1
    got = draws().below(0, limits)
    assert [set(got[limits == limit].tolist()) for limit in (1, 2, 3)] == [{0}, {0, 1}, {0, 1, 2}]
    assert set(draws().one_of(0, (0.25, 0.75)).tolist()) == {0.25, 0.75}


def test_number_path_and_child_give_independent_draws():
    base = draws().uniform(0)
    others = [draws().uniform(1), draws(path=(1,)).uniform(0), draws().child(0).uniform(0)]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.025  # five standard deviations
    assert np.array_equal(draws().child(2).bits(1), draws(path=(0, 2)).bits(1))


def test_rows_are_those_of_the_whole_batch():
    rows = np.array([5, 3, 30])
    assert np.array_equal(draws(40).rows(rows).bits(2), draws(40).bits(2)[rows])
