import pytest
import torch

from tssd.data.base import DataModule
from tssd.data.stored import Stored
from tssd.errors import DataError, UsageError

from .toy import Toy, part


class ToyWithValidation(Toy):
    def read(self):
        return Stored(part(100, None, 0), part(20, None, 1), val=part(30, None, 2))


class ToyWithoutTest(Toy):
    def read(self):
        return Stored(part(100, None, 0), part(0, None, 1))


def batches(loader):
    return torch.cat([x for x, _ in loader]), torch.cat([y for _, y in loader])


def test_module_describes_itself_before_setup():
    toy = Toy(image_size=12)
    assert (toy.num_classes, toy.in_channels, toy.sample_shape) == (5, 1, (1, 12, 12))
    assert (toy.dataset_name, toy.class_names[1], toy.mean, toy.std) == ("toy", "b", (0.5,), (0.3,))
    assert toy.split_sizes == {"train": 90, "val": 10, "test": 20}
    assert toy.class_counts == [18] * 5
    assert sum(Toy(train_samples=7).class_counts) == 7


def test_setup_reads_once_and_keeps_what_it_has():
    toy = Toy()
    toy.setup("fit")
    train = toy.samples("train")
    for stage in ("fit", "validate", "test", "predict", None):
        toy.setup(stage)
    assert toy.samples("train") is train
    assert toy.reads == 1


def test_a_copy_that_is_unread_shares_nothing_that_was_loaded():
    toy = Toy(batch_size=7)
    train = toy.samples("train")
    own = toy.unread()
    assert (own.batch_size, own.reads) == (7, 1)
    own.samples("train")
    assert own.reads == 2
    assert toy.samples("train") is train and toy.reads == 1


def test_loaders_give_batches_of_the_declared_shape():
    toy = Toy(batch_size=8, image_size=9)
    x, y = next(iter(toy.train_dataloader()))
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((8, 1, 9, 9), torch.float32, (8,), torch.int64)
    x, y = batches(toy.test_dataloader())
    assert torch.equal(y, torch.arange(20) % 5)
    assert torch.equal(x, batches(toy.predict_dataloader())[0])
    assert sorted(batches(toy.val_dataloader())[1].tolist()) == sorted([*range(5)] * 2)


def test_seed_changes_order_and_augmentation_but_not_the_split():
    # Below 8 pixels an eighth of the side is nothing to crop.
    a, b = Toy(seed=1, image_size=16), Toy(seed=2, image_size=16)
    assert a.split_hash == b.split_hash
    assert not torch.equal(batches(a.train_dataloader())[1], batches(b.train_dataloader())[1])
    assert not torch.equal(a.dataset("train")[0][0], b.dataset("train")[0][0])
    assert torch.equal(batches(a.val_dataloader())[0], batches(b.val_dataloader())[0])
    again = batches(Toy(seed=1, image_size=16).train_dataloader())[0]
    assert torch.equal(batches(a.train_dataloader())[0], again)


def test_split_hash_when_the_choice_changes():
    hashes = {Toy(train_samples=n).split_hash for n in (None, 50, 60)}
    assert len({*hashes, Toy(val_share=0.2).split_hash}) == 4


def test_validation_is_skipped_when_there_is_none():
    assert Toy(val_share=0.0).val_dataloader() == []


def test_stored_validation_images_replace_the_share():
    toy = ToyWithValidation(val_share=0.5)
    assert toy.split_sizes == {"train": 100, "val": 30, "test": 20}
    expected = part(30, None, 2).images.float() / 255
    assert torch.allclose(batches(toy.val_dataloader())[0], (expected - 0.5) / 0.3, atol=1e-6)


def test_a_part_without_samples_is_refused_before_anything_is_trained():
    toy = ToyWithoutTest()
    toy.setup("fit")
    with pytest.raises(DataError, match="^toy: no test samples, expected at least one of each"):
        toy.setup()


@pytest.mark.parametrize(
    ("option", "value"),
    [("batch_size", 0), ("batch_size", 2**63), ("image_size", 0), ("val_share", 1.0),
     ("val_share", -0.1), ("num_workers", -1), ("num_workers", 10**6)],
)  # fmt: skip
def test_wrong_option_is_named(option, value):
    with pytest.raises(UsageError, match=rf"data\.{option}: got {value}, expected"):
        Toy(**{option: value})


def test_base_cannot_read():
    with pytest.raises(NotImplementedError, match="must implement read"):
        DataModule().setup()


def test_more_processes_than_this_machine_can_feed_are_refused_before_they_start():
    toy = Toy(num_workers=1000)  # of a larger machine, read back here
    with pytest.raises(UsageError, match=r"data\.num_workers: got 1000, expected at most \d+ on"):
        toy.setup()
