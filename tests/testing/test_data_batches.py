from functools import partial

import numpy as np
import pytest
import torch

from data.event_folders import nmnist
from data.toy import Toy
from tssd.data import NMNIST
from tssd.data.loading import BatchLoader, training_loader
from tssd.testing.data_batches import check_batches, check_order, check_prefix, same


def broken_set(change):
    """A Toy whose sets are changed by `change(set, name)`."""

    class Broken(Toy):
        def dataset(self, name):
            made = super().dataset(name)
            change(made, name)
            return made

    return Broken


def replaced_load(change, *names):
    """A Toy whose samples go through `change(x, epochs, index)`."""

    def change_set(made, name):
        load = made.load
        if name in names:
            made.load = lambda epochs, index: change(load(epochs, index), epochs, index)

    return broken_set(change_set)


ALL = ("train", "val", "test")


def check(kind, part="test"):
    check_batches("part", kind(augment=False), part, timesteps=4)


def relabelled(dtype):
    def change(made, name):
        made.labels = made.labels.to(dtype)

    return broken_set(change)


def shuffled(made, name):
    made.labels = made.labels.flip(0)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            replaced_load(lambda x, *_: x[:, :, :3], *ALL),
            r"shape \[20, 1, 3, 6\], expected",
        ),
        (replaced_load(lambda x, *_: x[:, 0], *ALL), r"expected \[20, 1, 6, 6\]: \[N, \*sample"),
        (
            replaced_load(lambda x, *_: x.byte(), *ALL),
            "are torch.uint8, expected floating p",
        ),
        (replaced_load(lambda x, *_: x / 0, *ALL), "has values that are not finite"),
        (replaced_load(lambda x, *_: 2 * x, *ALL), r"not the stored pixels, .* mean \(0.5,\) and"),
        (relabelled(torch.int32), r"test labels are torch.int32 \[20\], expected int64 \[N\]"),
        (broken_set(shuffled), r"test labels are \[4, 3, 2, .*, stored are \[0, 1, 2"),
    ],
)
def test_broken_batches_are_refused_with_the_reason(kind, message):
    with pytest.raises(AssertionError, match=f"^part: .*{message}"):
        check(kind)


def test_training_labels_that_are_not_the_stored_ones_are_refused():
    with pytest.raises(
        AssertionError, match=r"^part: dataset\('train'\).labels are not the stored"
    ):
        check(broken_set(shuffled), "train")


def test_samples_that_are_left_out_are_counted():
    class DropsLast(Toy):
        def test_dataloader(self):
            return list(super().test_dataloader())[:2]

        def train_dataloader(self):
            return list(super().train_dataloader())[:-1]

    with pytest.raises(AssertionError, match="the test batches hold 16 samples, expected all 20"):
        check_batches("part", DropsLast(batch_size=8), "test", timesteps=4)
    with pytest.raises(AssertionError, match="the train batches hold 80 samples, expected all 90"):
        check_batches("part", DropsLast(batch_size=16), "train", timesteps=4)


def test_a_single_sample_at_the_end_of_an_epoch_may_be_left_out():
    check_batches("part", Toy(batch_size=89), "train", timesteps=4)
    check_batches("part", Toy(val_share=0.0), "val", timesteps=4)


def global_noise(x, *_):
    return x + torch.rand(1)


def numpy_noise(x, *_):
    return x + np.float32(np.random.rand())


def state_noise():
    """Noise of a generator of its own, which goes on from epoch to epoch."""

    class Stateful(Toy):
        def train_dataloader(self):
            generator = torch.Generator().manual_seed(self.seed)
            samples = self.dataset("train")
            load = samples.load
            samples.load = lambda *given: load(*given) + torch.rand(1, generator=generator)
            return training_loader(samples, self.batch_size, num_workers=0, seed=self.seed)

    return Stateful


class SameOrder(Toy):
    def train_dataloader(self):
        return BatchLoader(self.dataset("train"), batch_size=8)


class OneEpoch(Toy):
    def train_dataloader(self):
        loader = super().train_dataloader()
        loader.sampler.set_epoch = lambda epoch: None
        return loader


class NoSeed(Toy):
    def train_dataloader(self):
        return training_loader(self.dataset("train"), self.batch_size, num_workers=0, seed=0)


class SeededEvaluation(Toy):
    def dataset(self, name):
        made = super().dataset(name)
        load = made.load
        made.load = lambda *given: load(*given) + self.seed
        return made


class OtherInWorkers(Toy):
    def dataset(self, name):
        made = super().dataset(name)
        load = made.load
        made.load = lambda *given: load(*given) + self.num_workers
        return made


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (replaced_load(global_noise, "train"), "draws from the global generator of torch, which"),
        (replaced_load(numpy_noise, "train"), "draws from the global generator of numpy, which"),
        (state_noise(), "resumed at epoch 1 it shows other batches than without the interruption"),
        (SameOrder, r"its training loader's sampler has no set_epoch\(\)"),
        (OneEpoch, "epoch 1 shows the batches of epoch 0 again"),
        (NoSeed, "another seed gives the same batches"),
        (SeededEvaluation, "val samples change from one pass or seed to the next: only training"),
        (OtherInWorkers, r"a loading process \(num_workers 1\) gives other batches"),
    ],
)
def test_what_decides_the_batches_but_seed_and_epoch_is_refused(kind, message):
    before = torch.get_rng_state()
    with pytest.raises(AssertionError, match=f"^part: .*{message}"):
        check_order("part", partial(kind, augment=False))
    if "global" not in message:
        assert torch.equal(torch.get_rng_state(), before)


def test_evaluation_that_draws_is_refused():
    kind = replaced_load(global_noise, "test")
    with pytest.raises(AssertionError, match="test samples change from one pass or seed"):
        check_order("part", kind)


class Backwards(NMNIST):
    def dataset(self, name):
        made = super().dataset(name)
        load = made.load
        made.load = lambda *given: load(*given).flip(0)
        return made


def test_slices_that_are_no_prefix_are_refused(tmp_path):
    nmnist(tmp_path / "NMNIST", train=1)

    def built(timesteps, kind):
        data = kind(str(tmp_path), allow_incomplete=True)
        data.connect(student=2, teacher=timesteps, longest=timesteps)
        return data

    check_prefix("part", partial(built, kind=NMNIST), student=2, teacher=4)
    with pytest.raises(AssertionError, match="train samples of 2 timesteps are not the first of 4"):
        check_prefix("part", partial(built, kind=Backwards), student=2, teacher=4)


def test_batches_are_the_same_to_the_last_bit():
    x, y = torch.zeros(2), torch.zeros(2, dtype=torch.int64)
    assert same([(x, y)], [(x.clone(), y)])
    assert not same([(x, y)], [(x + 1e-30, y)])
    assert not same([(x, y)], [(x.double(), y)])
    assert not same([(x, y)], [(x, y)] * 2)
