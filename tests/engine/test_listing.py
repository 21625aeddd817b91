"""Events of several timesteps in lists of their patterns, against NumPy."""

import numpy as np
import pytest

from .small import conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine.listing import timesteps_together  # noqa: E402
from tssd.engine.values import Signal  # noqa: E402

from .layers import check, signal, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)


def lasting(channels, timesteps, top, seed=2):
    """Counts [T, 2, 4, 4, C] that seldom change from one timestep to the next."""
    random = np.random.default_rng(seed)
    shape = (2, 4, 4, channels)
    counts = [random.binomial(top, 0.5, shape)]
    for _ in range(timesteps - 1):
        counts.append(
            np.where(random.random(shape) < 0.1, random.binomial(top, 0.5, shape), counts[-1])
        )
    return Signal(np.array(counts, np.uint8), 1.0, top)


@pytest.mark.parametrize("bits", [0, 7, 8])
@pytest.mark.parametrize(("timesteps", "top"), [(2, 1), (3, 3), (4, 1), (7, 4)])
def test_events_that_last_are_added_up_once_for_all_of_their_timesteps(bits, timesteps, top):
    # More channels than a word has bits, and a last word that is not full.
    step = step_of(conv(RANDOM, "c", "x", (70, 4, 4), 150), bits=bits)
    assert 0 < check(step, lasting(150, timesteps, top)).array.mean() < 1


def geometry(timesteps, pixels, kernel):
    return np.array([timesteps, 1, 1, pixels, 8, 1, pixels, 1, kernel], np.int64)


@pytest.mark.parametrize(
    ("timesteps", "found", "expected"),
    [
        # Of 10 pixels and a kernel of 1x3: 100 events spare 30 rows. Pairs make a list more for
        # two timesteps, fours 11 for four; each costs 16 + 28 / 4 = 23 rows.
        (2, (400, 300, 300), 2),
        (2, (400, 330, 330), 1),
        (4, (2000, 1500, 800), 4),  # 150 - 46 < 360 - 253
        (4, (2000, 1500, 1000), 2),  # 104 > 300 - 253
        (4, (400, 300, 100), 1),
        (8, (8000, 7400, 4000), 4),
        (1, (400, 400, 400), 1),
    ],
)  # fmt: skip
def test_timesteps_are_listed_together_where_that_spares_more_than_it_costs(
    timesteps, found, expected
):
    together, spared = timesteps_together(geometry(timesteps, 10, 3), np.array(found), 1, 4)
    assert together == expected and (spared > 0) == (expected > 1)


def test_rows_of_two_lines_are_worth_more_lists():
    case = geometry(4, 10, 3), np.array((2000, 1500, 1400))
    assert [timesteps_together(*case, lines, 4)[0] for lines in (1, 2)] == [2, 2]
    case = geometry(4, 10, 3), np.array((400, 380, 200))
    assert [timesteps_together(*case, lines, 100)[0] for lines in (1, 2, 8)] == [1, 1, 4]


@pytest.mark.parametrize("bits", [0, 7, 8])
@pytest.mark.parametrize("channels", [150, 32])
@pytest.mark.parametrize("timesteps", [1, 3])
def test_small_counts_are_listed_as_often_as_they_count_or_bit_by_bit(bits, channels, timesteps):
    step = step_of(conv(RANDOM, "c", "x", (70, 4, 4), channels), bits=bits)
    for top in (2, 3, 4):
        for x in (lasting(channels, timesteps, top), signal(step, timesteps=timesteps, top=top)):
            assert 0 < check(step, x).array.mean() < 1
