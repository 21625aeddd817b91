"""The contract, for every augmentation there is."""

import numpy as np
import pytest
import torch
from jsonargparse import ArgumentParser

import tssd.data.event_augment as package
from tssd.data.event_augment import (
    NDA,
    TET,
    Cutout,
    DropArea,
    DropRandom,
    DropTime,
    EventAugmentation,
    EventDrop,
    HorizontalFlip,
    OneOf,
    Roll,
    Rotate,
    Shear,
    Shift,
    augment,
)
from tssd.errors import UsageError

EVERY = [
    HorizontalFlip(),
    Roll(3),
    Shift(3),
    Rotate(40),
    Shear(30),
    Cutout(4, 2),
    DropArea(),
    DropTime(8),
    DropRandom(),
    OneOf((Roll(2), Cutout(3))),
    TET(pixels=2),
    NDA(pixels=2, cutout=4),
    EventDrop(8),
]
INDEX = np.arange(100, 112)
EPOCHS = np.array([4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5])

every = pytest.mark.parametrize("augmentation", EVERY, ids=lambda a: type(a).__name__)


def frames(dtype="uint8", high=12):
    counts = np.random.default_rng(0).integers(0, high, (12, 8, 2, 9, 11))
    return torch.from_numpy(counts.astype(dtype))


def test_every_augmentation_of_the_package_is_under_test():
    public = {
        name
        for name in package.__all__
        if isinstance(getattr(package, name), type) and name != "EventAugmentation"
    }
    assert {type(a).__name__ for a in EVERY} == public


@every
@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16])
def test_shape_and_dtype_are_kept_and_the_input_is_not_changed(augmentation, dtype):
    x = frames(str(dtype).removeprefix("torch."), 250)
    before = x.clone()
    got = augmentation(x, EPOCHS, INDEX, seed=3)
    assert (got.shape, got.dtype) == (x.shape, dtype)
    assert got.is_contiguous()
    assert torch.equal(x, before)
    assert not torch.equal(got, x)
    got.zero_()
    assert torch.equal(x, before)


@every
def test_draws_do_not_depend_on_the_width_of_the_counts(augmentation):
    narrow = augmentation(frames(), EPOCHS, INDEX, seed=3).numpy()
    wide = augmentation(frames("uint16"), EPOCHS, INDEX, seed=3).numpy()
    assert np.array_equal(narrow, wide)


@every
def test_a_sample_does_not_depend_on_its_batch_or_on_global_generators(augmentation):
    x = frames()
    together = augmentation(x, EPOCHS, INDEX, seed=3)
    torch.manual_seed(1)
    for n in range(len(x)):
        one = slice(n, n + 1)
        assert torch.equal(augmentation(x[one], EPOCHS[one], INDEX[one], seed=3)[0], together[n])
    order = np.random.default_rng(1).permutation(len(x))
    shuffled = augmentation(x[torch.from_numpy(order)], EPOCHS[order], INDEX[order], seed=3)
    assert torch.equal(shuffled, together[torch.from_numpy(order)])


@every
def test_seed_epoch_index_and_position_each_change_the_draws(augmentation):
    x = frames()
    base = augmentation(x, EPOCHS, INDEX, seed=3)
    assert not torch.equal(base, augmentation(x, EPOCHS, INDEX, seed=4))
    assert not torch.equal(base, augmentation(x, EPOCHS + 1, INDEX, seed=3))
    assert not torch.equal(base, augmentation(x, EPOCHS, INDEX + 50, seed=3))
    assert not torch.equal(base, augmentation(x, EPOCHS, INDEX, seed=3, position=1))


@every
@pytest.mark.parametrize("steps", [1, 5])
def test_the_first_slices_do_not_depend_on_later_ones(augmentation, steps):
    x = frames()
    whole = augmentation(x, EPOCHS, INDEX, seed=3)
    assert torch.equal(whole[:, :steps], augmentation(x[:, :steps], EPOCHS, INDEX, seed=3))


@pytest.mark.parametrize(
    "augmentation",
    [a for a in EVERY if not isinstance(a, DropTime | DropRandom | EventDrop)],
    ids=lambda a: type(a).__name__,
)
def test_every_time_step_and_polarity_is_treated_alike(augmentation):
    x = frames()[:, :1, :1].expand(-1, 8, 2, -1, -1)
    got = augmentation(x, EPOCHS, INDEX, seed=3)
    assert torch.equal(got, got[:, :1, :1].expand_as(got))


@every
@pytest.mark.parametrize("shape", [(0, 4, 2, 9, 9), (2, 0, 2, 9, 9)])
def test_no_samples_and_no_slices_are_no_error(augmentation, shape):
    numbers = np.arange(shape[0])
    got = augmentation(torch.zeros(shape, dtype=torch.uint8), numbers, numbers, seed=0)
    assert got.shape == shape


def test_augment_applies_in_order_with_draws_of_their_own():
    x = frames()
    first = Roll(3)(x, EPOCHS, INDEX, seed=3, position=0)
    both = Roll(3)(first, EPOCHS, INDEX, seed=3, position=1)
    assert torch.equal(augment(x, [Roll(3)], EPOCHS, INDEX, seed=3), first)
    assert torch.equal(augment(x, [Roll(3), Roll(3)], EPOCHS, INDEX, seed=3), both)
    twice_the_same = Roll(3)(first, EPOCHS, INDEX, seed=3, position=0)
    assert not torch.equal(both, twice_the_same)


def test_augment_with_an_empty_list_returns_a_copy():
    x = frames()
    got = augment(x, [], EPOCHS, INDEX, seed=3)
    assert torch.equal(got, x)
    assert got.data_ptr() != x.data_ptr()


@pytest.mark.parametrize("call", [Roll(1), lambda *a, seed: augment(a[0], [], *a[1:], seed=seed)])
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(
        UsageError, match=r"^frames: got float32 \[12, 8, 2, 9, 11\], expected uint"
    ):
        call(frames().float(), EPOCHS, INDEX, seed=0)
    with pytest.raises(UsageError, match=r"^frames: got uint8 \[8, 2, 9, 11\], expected uint8 or"):
        call(frames()[0], EPOCHS, INDEX, seed=0)
    with pytest.raises(UsageError, match="^epochs and index: got 12 and 3 numbers, expected one"):
        call(frames(), EPOCHS, INDEX[:3], seed=0)


class _Module:
    def __init__(self, augmentations: list[EventAugmentation]) -> None:
        self.augmentations = augmentations


def test_a_list_can_be_given_as_class_path_and_init_args():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(_Module, "data")
    name = "tssd.data.event_augment"
    one_of = {
        "class_path": f"{name}.OneOf",
        "init_args": {"augmentations": [{"class_path": f"{name}.NDA"}]},
    }
    drop = {"class_path": f"{name}.EventDrop", "init_args": {"steps": 10, "time": [0.1, 0.2]}}
    given = {"data": {"augmentations": [{"class_path": f"{name}.TET"}, drop, one_of]}}
    made = parser.instantiate(parser.parse_object(given)).data.augmentations
    assert made == [TET(), EventDrop(10, (0.1, 0.2)), OneOf((NDA(),))]
