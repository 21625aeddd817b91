import numpy as np
import pytest
import torch

from tssd.data.event_augment.affine import Rotate, Shear
from tssd.data.event_augment.draws import Draws
from tssd.data.event_augment.dropping import Cutout, DropArea, DropTime
from tssd.data.event_augment.geometric import HorizontalFlip, Roll
from tssd.data.event_augment.policies import NDA, TET, EventDrop, OneOf
from tssd.data.event_augment.thinning import DropRandom
from tssd.errors import UsageError

INDEX = np.arange(200)
EPOCHS = np.full(200, 2)
DRAWS = Draws(5, EPOCHS, INDEX, (0,))


def frames():
    counts = np.random.default_rng(0).integers(1, 9, (200, 6, 2, 20, 24))
    return counts.astype(np.uint8)


def apply(augmentation, x):
    return augmentation(torch.from_numpy(x), EPOCHS, INDEX, seed=5).numpy()


def test_one_of_gives_each_sample_what_its_choice_gives_the_batch():
    x = frames()
    options = (Roll(3), Cutout(4), HorizontalFlip(1.0))
    got = apply(OneOf(options, unchanged=True), x)
    whole = [a.apply(x, DRAWS.child(k)) for k, a in enumerate(options)] + [x]
    choice = DRAWS.below(0, 4)
    assert (np.bincount(choice) > 30).all()
    assert np.array_equal(got, np.stack([whole[c][n] for n, c in enumerate(choice)]))


def test_one_of_a_single_one_always_applies_it():
    x = frames()
    assert np.array_equal(apply(OneOf((HorizontalFlip(1.0),)), x), x[..., ::-1])


def test_tet_flips_then_rolls_by_up_to_five_and_keeps_every_count():
    x = frames()
    got = apply(TET(), x)
    flipped = DRAWS.child(0).uniform(0) < 0.5
    downs, rights = DRAWS.child(1).within(0, 5), DRAWS.child(1).within(1, 5)
    assert (set(downs), set(rights)) == (set(range(-5, 6)), set(range(-5, 6)))
    for n in range(200):
        mirrored = x[n, ..., ::-1] if flipped[n] else x[n]
        assert np.array_equal(got[n], np.roll(mirrored, (downs[n], rights[n]), axis=(-2, -1)))
    assert np.array_equal(got.sum(axis=(-2, -1)), x.sum(axis=(-2, -1)))


def test_nda_flips_then_applies_one_of_four_with_the_sources_magnitudes():
    x = frames()
    flipped = HorizontalFlip(0.5).apply(x, DRAWS.child(0))
    operations = (Roll(5), Rotate(30), Cutout(16), Shear(30))
    expected = OneOf(operations).apply(flipped, DRAWS.child(1))
    assert np.array_equal(apply(NDA(), x), expected)


def test_event_drop_leaves_a_quarter_alone_and_only_ever_drops():
    x = frames()
    got = apply(EventDrop(6), x)
    assert (got <= x).all()
    same = (got == x).all(axis=(1, 2, 3, 4))
    assert 25 < same.sum() < 85  # 50 and those whose box or window is of no size
    drops = (DropTime(6), DropArea(), DropRandom())
    assert np.array_equal(got, OneOf(drops, unchanged=True).apply(x, DRAWS.child(0)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OneOf(()), "augmentations: got none, expected one or more"),
        (lambda: TET(probability=2), "probability: got 2, expected a number from 0 to 1"),
        (lambda: TET(pixels=-1), "pixels: got -1, expected a whole number >= 0"),
        (lambda: NDA(probability=-1), "probability: got -1, expected a number from 0 to 1"),
        (lambda: NDA(pixels=-1), "pixels: got -1, expected a whole number >= 0"),
        (lambda: NDA(rotate=200), "rotate: got 200, expected a number from 0 to 180"),
        (lambda: NDA(cutout=0), "cutout: got 0, expected a whole number >= 1"),
        (lambda: NDA(shear=90), "shear: got 90, expected a number from 0 to 80"),
        (lambda: EventDrop(0), "steps: got 0, expected a whole number >= 1"),
        (lambda: EventDrop(4, time=(2,)), "time: got 2, expected a number from 0 to 1"),
        (lambda: EventDrop(4, area=(2,)), "area: got 2, expected a number from 0 to 1"),
        (lambda: EventDrop(4, random=(2,)), "random: got 2, expected a number from 0 to 1"),
    ],
)
def test_options_out_of_range_are_refused_by_their_own_name(make, message):
    with pytest.raises(UsageError) as caught:
        make()
    assert str(caught.value) == message
