import numpy as np
import pytest
import torch

from tssd.data.event_augment.draws import Draws
from tssd.data.event_augment.dropping import Cutout, DropArea, DropTime
from tssd.errors import UsageError

INDEX = np.arange(300)
EPOCHS = np.full(300, 2)
DRAWS = Draws(5, EPOCHS, INDEX, (0,))


def ones(height, width, slices=1, samples=300):
    return torch.ones((samples, slices, 2, height, width), dtype=torch.uint8)


def zeroed(frames):
    """Rows and columns of the first slice that hold a zero, as lists of their numbers."""
    gone = (frames[0, 0] == 0).numpy()
    return np.flatnonzero(gone.any(axis=1)).tolist(), np.flatnonzero(gone.any(axis=0)).tolist()


def test_cutout_zeroes_a_square_cut_off_at_the_border():
    got = Cutout(3)(ones(4, 6), EPOCHS, INDEX, seed=5)
    centres = list(zip(DRAWS.below(0, 4).tolist(), DRAWS.below(1, 6).tolist(), strict=True))
    assert len(set(centres)) == 24
    for n, (y, x) in enumerate(centres):
        rows = [r for r in range(4) if abs(r - y) <= 1]
        columns = [c for c in range(6) if abs(c - x) <= 1]
        assert zeroed(got[n]) == (rows, columns)
        assert (got[n] == 0).sum() == 2 * len(rows) * len(columns)


def test_cutout_with_more_holes_zeroes_what_one_does_and_more():
    one = Cutout(2)(ones(20, 20), EPOCHS, INDEX, seed=5)
    three = Cutout(2, holes=3)(ones(20, 20), EPOCHS, INDEX, seed=5)
    assert (three <= one).all()
    assert (three == 0).sum() > 2.5 * (one == 0).sum()


def test_a_hole_larger_than_the_frame_leaves_nothing():
    assert Cutout(99)(ones(4, 6), EPOCHS, INDEX, seed=5).sum() == 0


def test_drop_area_zeroes_a_box_inside_the_frame():
    got = DropArea((0.5,))(ones(4, 6), EPOCHS, INDEX, seed=5)
    boxes = [zeroed(sample) for sample in got]
    tops, lefts = {rows[0] for rows, _ in boxes}, {columns[0] for _, columns in boxes}
    assert (tops, lefts) == ({0, 1, 2}, {0, 1, 2, 3})
    assert all(np.ptp(rows) == 1 and np.ptp(columns) == 2 for rows, columns in boxes)
    assert ((got == 0).sum(dim=(1, 2, 3, 4)) == 2 * 2 * 3).all()


def test_drop_area_draws_its_ratio():
    got = DropArea((0.25, 1.0))(ones(4, 8), EPOCHS, INDEX, seed=5)
    sizes = (got == 0).sum(dim=(1, 2, 3, 4)) // 2
    assert set(sizes.tolist()) == {1 * 2, 4 * 8}
    assert torch.equal(DropArea((0.0,))(ones(4, 8), EPOCHS, INDEX, seed=5), ones(4, 8))


def test_drop_time_zeroes_a_window_cut_off_at_its_steps():
    got = DropTime(4, (0.5,))(ones(2, 2, slices=6), EPOCHS, INDEX, seed=5)
    assert torch.equal(got, got[..., :1, :1, :1].expand_as(got))
    seen = {tuple(sample[:, 0, 0, 0].tolist()) for sample in got}
    assert seen == {(0, 0, 1, 1, 1, 1), (1, 0, 0, 1, 1, 1), (1, 1, 0, 0, 1, 1), (1, 1, 1, 0, 1, 1)}


def test_drop_time_does_not_scale_with_the_slices_there_are():
    long = DropTime(10)(ones(2, 2, slices=10), EPOCHS, INDEX, seed=5)
    short = DropTime(10)(ones(2, 2, slices=4), EPOCHS, INDEX, seed=5)
    assert torch.equal(short, long[:, :4])
    lengths = (long[:, :, 0, 0, 0] == 0).sum(dim=1)
    assert set(lengths.tolist()) == set(range(1, 10))
    assert torch.equal(DropTime(9, (0.0,))(ones(2, 2), EPOCHS, INDEX, seed=5), ones(2, 2))


def test_options_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"^pixels: got 0, expected a whole number >= 1$"):
        Cutout(0)
    with pytest.raises(UsageError, match=r"^holes: got 0, expected a whole number >= 1$"):
        Cutout(4, holes=0)
    with pytest.raises(UsageError, match=r"^ratios: got 1.1, expected a number from 0 to 1$"):
        DropArea((0.5, 1.1))
    with pytest.raises(UsageError, match=r"^steps: got 0, expected a whole number >= 1$"):
        DropTime(0)
    with pytest.raises(UsageError, match=r"^ratios: got \(\), expected one or more numbers"):
        DropTime(10, ())
