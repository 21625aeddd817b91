import pytest
import torch

from tssd.config import build, load_recipe
from tssd.dry_run.stand_in import STEPS, VALIDATIONS, StandIn
from tssd.errors import UsageError


def test_images():
    data = StandIn(batch_size=5, channels=1, size=16, classes=7)
    x, y = data.batch()
    assert (x.shape, x.dtype, y.shape) == ((5, 1, 16, 16), torch.float32, (5,))
    assert (data.sample_shape, data.num_classes) == ((1, 16, 16), 7)
    assert len(data.mean) == len(data.std) == 1
    assert set(y.tolist()) <= set(range(7))
    assert torch.equal(x, StandIn(batch_size=5, channels=1, size=16, classes=7).batch()[0])


def test_it_stands_for_many_samples_and_gives_a_few_batches():
    data = StandIn(batch_size=5, size=8, samples=(45_000, 5_000, 10_000))
    assert data.split_sizes == {"train": 45_000, "val": 5_000, "test": 10_000}
    loaders = [data.train_dataloader(), data.val_dataloader(), data.test_dataloader()]
    assert [len(loader) for loader in loaders] == [STEPS, VALIDATIONS, 1]
    for loader in loaders:
        for x, y in loader:
            assert (x.shape, y.shape) == ((5, 3, 8, 8), (5,))


def test_fewer_samples_than_a_batch_are_the_batch():
    data = StandIn(batch_size=64, size=8, samples=(7, 0, 3))
    assert len(data.batch()[1]) == 7
    assert data.split_sizes == {"train": 7, "val": 0, "test": 3}
    assert data.val_dataloader() == []


def test_events_are_counts_for_as_long_as_the_network_runs():
    data = StandIn(batch_size=3, channels=2, size=8, events=True)
    data.connect(student=2, teacher=4, longest=6)
    x, _ = data.batch()
    assert (x.shape, x.dtype) == ((6, 3, 2, 8, 8), torch.uint8)
    assert 0 < x.float().mean() < 0.3


def test_it_is_the_data_of_a_recipe():
    path = f"{StandIn.__module__}.StandIn"
    options = [("data", path), ("data.samples", "[9, 2, 3]"), ("net.width", "0.02")]
    parts = build(load_recipe("digits/tssd", options))
    assert parts.data.split_sizes == {"train": 9, "val": 2, "test": 3}


def test_nonsense_is_refused():
    with pytest.raises(UsageError, match="got 0 x 32 x 32"):
        StandIn(channels=0)


def test_a_million_large_images_take_no_memory():
    data = StandIn(batch_size=2, size=224, classes=1000, samples=(1_281_167, 0, 50_000))
    data.setup()  # would be 193 GB
    assert data.split_sizes["train"] == 1_281_167
