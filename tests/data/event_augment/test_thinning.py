import numpy as np
import pytest
import torch
from scipy.stats import binom

from tssd.data.event_augment.thinning import DropRandom, thin
from tssd.errors import UsageError

ONE = np.zeros(1, dtype=np.int64)
SEED = 0x5DEECE66D1234567


@pytest.mark.parametrize("count", [1, 2, 4, 5, 8, 9, 13, 40, 255])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.8])
def test_thin_draws_the_binomial_distribution(count, keep):
    cells = np.arange(40_000)
    kept = thin(np.full(40_000, count, dtype=np.uint8), cells, keep=keep, seed=SEED + 11)
    shares = np.cumsum(np.bincount(kept, minlength=count + 1)) / 40_000
    # Kolmogorov's distance: one draw in 10^5 from the true distribution exceeds 2.47 / sqrt(M).
    assert np.abs(shares - binom.cdf(np.arange(count + 1), count, keep)).max() < 2.47 / 200


def test_thin_of_the_largest_counts():
    kept = thin(np.full(2_000, 65_535, dtype=np.uint16), np.arange(2_000), keep=0.3, seed=SEED + 1)
    assert abs(kept.mean() - 19_660.5) < 5 * 117.3 / 2_000**0.5
    assert 108 < kept.std() < 127  # 117.3, standard deviation 1.9


def test_thin_draws_by_the_number_of_a_cell_alone():
    rng = np.random.default_rng(0)
    counts, cells = rng.integers(0, 60, 500).astype(np.uint8), rng.permutation(5_000)[:500]
    kept = thin(counts, cells, keep=0.6, seed=SEED + 3)
    assert np.array_equal(thin(counts[::-1], cells[::-1], keep=0.6, seed=SEED + 3), kept[::-1])
    assert np.array_equal(
        thin(counts[200:300], cells[200:300], keep=0.6, seed=SEED + 3), kept[200:300]
    )
    assert not np.array_equal(thin(counts, cells, keep=0.6, seed=SEED + 4), kept)


def test_nothing_and_everything_is_dropped_exactly():
    counts = np.arange(256, dtype=np.uint8)
    assert np.array_equal(thin(counts, np.arange(256), keep=1.0, seed=SEED), counts)
    assert not thin(counts, np.arange(256), keep=0.0, seed=SEED).any()


def test_drop_random_never_adds_and_drops_the_drawn_share():
    x = torch.full((200, 2, 2, 8, 8), 20, dtype=torch.uint8)
    index = np.arange(200)
    got = DropRandom((0.25, 0.75))(x, index * 0, index, seed=2)
    assert (got <= x).all()
    share = got.double().mean(dim=(1, 2, 3, 4)) / 20
    assert set((share * 20).round().int().tolist()) == {5, 15}
    assert abs(share[share < 0.5].mean() - 0.25) < 0.003
    assert abs(share[share > 0.5].mean() - 0.75) < 0.003


def test_cells_of_one_sample_draw_independently():
    x = torch.ones((1, 40, 2, 20, 20), dtype=torch.uint8)
    got = DropRandom((0.5,))(x, ONE, ONE, seed=2).numpy()[0].astype(float)
    for a, b in ((got[1:], got[:-1]), (got[:, 0], got[:, 1]), (got[..., 1:], got[..., :-1])):
        correlation = np.corrcoef(a.ravel(), b.ravel())[0, 1]
        assert abs(correlation) < 5 / a.size**0.5


def test_empty_frames_stay_empty():
    x = torch.zeros((1, 3, 2, 4, 4), dtype=torch.uint16)
    assert not DropRandom()(x, ONE, ONE, seed=2).numpy().any()


def test_options_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"^ratios: got -0.1, expected a number from 0 to 1$"):
        DropRandom((-0.1,))
