import numpy as np
import pytest
import torch

from tssd.data.event_augment.draws import Draws
from tssd.data.event_augment.geometric import HorizontalFlip, Roll, Shift
from tssd.errors import UsageError

INDEX = np.arange(400)
EPOCHS = np.full(400, 2)
DRAWS = Draws(5, EPOCHS, INDEX, (0,))


def frames(height=4, width=5):
    shape = (400, 2, 2, height, width)
    counts = np.random.default_rng(0).integers(0, 65_536, shape).astype(np.uint16)
    return torch.from_numpy(counts)


def small(*rows):
    return torch.tensor(rows, dtype=torch.uint8)[None, None, None]


def test_flip_by_hand_and_twice_is_the_identity():
    x, one = small([1, 2, 3], [4, 5, 6]), np.zeros(1, dtype=np.int64)
    flip = HorizontalFlip(1.0)
    once = flip(x, one, one, seed=0)
    assert once[0, 0, 0].tolist() == [[3, 2, 1], [6, 5, 4]]
    assert torch.equal(flip(once, one, one, seed=1), x)
    assert torch.equal(HorizontalFlip(0.0)(x, one, one, seed=0), x)


def test_flip_mirrors_a_share_of_whole_samples():
    x = frames().numpy()
    got = HorizontalFlip(0.25)(frames(), EPOCHS, INDEX, seed=5).numpy()
    mirrored = (got == x[..., ::-1]).all(axis=(1, 2, 3, 4))
    assert (mirrored | (got == x).all(axis=(1, 2, 3, 4))).all()
    assert 60 < mirrored.sum() < 140  # 100, standard deviation 8.7


def test_roll_is_torch_roll_by_what_is_drawn_and_back_is_the_identity():
    x = frames()
    got = Roll(2)(x, EPOCHS, INDEX, seed=5)
    downs, rights = DRAWS.within(0, 2).tolist(), DRAWS.within(1, 2).tolist()
    assert len(set(zip(downs, rights, strict=True))) == 25
    for n, (down, right) in enumerate(zip(downs, rights, strict=True)):
        expected = torch.roll(x[n].to(torch.int32), (down, right), (-2, -1))
        assert torch.equal(got[n].to(torch.int32), expected)
        assert torch.equal(torch.roll(expected, (-down, -right), (-2, -1)), x[n].to(torch.int32))


@pytest.mark.parametrize("augmentation", [HorizontalFlip(), Roll(9)])
def test_flip_and_roll_keep_every_count(augmentation):
    x = frames().numpy()
    got = augmentation(frames(), EPOCHS, INDEX, seed=5).numpy()
    assert np.array_equal(np.sort(got.reshape(800, 2, -1)), np.sort(x.reshape(800, 2, -1)))


def test_shift_moves_what_is_drawn_and_fills_with_zeros():
    x = frames().numpy()
    got = Shift(3)(frames(), EPOCHS, INDEX, seed=5).numpy()
    downs, rights = DRAWS.within(0, 3).tolist(), DRAWS.within(1, 3).tolist()
    assert len(set(zip(downs, rights, strict=True))) == 49
    padded = np.pad(x, ((0, 0), (0, 0), (0, 0), (3, 3), (3, 3)))
    for n, (down, right) in enumerate(zip(downs, rights, strict=True)):
        expected = padded[n, ..., 3 - down : 7 - down, 3 - right : 8 - right]
        assert np.array_equal(got[n], expected)


def test_shift_by_hand():
    x, index = small([1, 2], [3, 4]).expand(60, 1, 1, 2, 2), np.arange(60)
    got = Shift(1)(x, index * 0, index, seed=0)
    seen = {tuple(sample.flatten().tolist()) for sample in got}
    assert seen == {
        (4, 0, 0, 0), (3, 4, 0, 0), (0, 3, 0, 0),
        (2, 0, 4, 0), (1, 2, 3, 4), (0, 1, 0, 3),
        (0, 0, 2, 0), (0, 0, 1, 2), (0, 0, 0, 1),
    }  # fmt: skip


def test_nothing_moves_by_zero_pixels():
    x = frames()
    assert torch.equal(Roll(0)(x, EPOCHS, INDEX, seed=5), x)
    assert torch.equal(Shift(0)(x, EPOCHS, INDEX, seed=5), x)


def test_options_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"^probability: got 1.5, expected a number from 0 to 1$"):
        HorizontalFlip(1.5)
    with pytest.raises(UsageError, match=r"^pixels: got -1, expected a whole number >= 0$"):
        Roll(-1)
    with pytest.raises(UsageError, match=r"^pixels: got -2, expected a whole number >= 0$"):
        Shift(-2)
    with pytest.raises(UsageError, match=r"^pixels: got 4, expected less than .* 4 x 5 frames$"):
        Shift(4)(frames(), EPOCHS, INDEX, seed=0)
