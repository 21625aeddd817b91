import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from tssd.data.given_loader import GivenLoader
from tssd.errors import DataError, UsageError

DATA = TensorDataset(torch.arange(10.0).view(10, 1, 1, 1), torch.arange(10))


class Stream(IterableDataset):
    def __iter__(self):
        return iter(DATA)


def one(item):
    return item[0][None], item[1][None]


def order(loader, epoch):
    loader.sampler.set_epoch(epoch)
    return torch.cat([y for _, y in loader]).tolist()


def shuffled(**options):
    return DataLoader(DATA, batch_size=4, **options)


def batched(sampler, drop_last=False):
    return DataLoader(DATA, batch_sampler=BatchSampler(sampler, 4, drop_last))


@pytest.mark.parametrize(
    "make",
    [
        lambda: shuffled(shuffle=True),
        lambda: shuffled(shuffle=True, generator=torch.Generator()),
        lambda: shuffled(shuffle=True, num_workers=1),
        lambda: shuffled(sampler=WeightedRandomSampler(torch.ones(10), 10)),
        lambda: batched(RandomSampler(DATA, generator=torch.Generator())),
    ],
)
def test_order_depends_on_seed_and_epoch_alone(make):
    loader = GivenLoader("train", make(), seed=1)
    orders = [order(loader, epoch) for epoch in range(2)]
    assert orders[0] != orders[1]
    torch.manual_seed(8)
    before = torch.get_rng_state()
    assert order(GivenLoader("train", make(), seed=1), 1) == orders[1]
    assert torch.equal(torch.get_rng_state(), before)
    assert order(GivenLoader("train", make(), seed=2), 1) != orders[1]


def test_sizes_are_the_loaders():
    loader = GivenLoader("train", shuffled())
    assert (len(loader), loader.samples, loader.batch_size) == (3, 10, 4)
    assert loader.kind == ((1, 1, 1), None)
    loader = GivenLoader("train", shuffled(drop_last=True))
    assert (len(loader), loader.samples) == (2, 8)
    batches = DataLoader(DATA, batch_sampler=[[0, 1, 2], [3]])
    loader = GivenLoader("train", batches)
    assert (len(loader), loader.samples, loader.batch_size) == (2, 4, 3)
    loader = GivenLoader("train", batched(SubsetRandomSampler(range(7))))
    assert (len(loader), loader.samples, loader.batch_size) == (2, 7, 4)
    loader = GivenLoader("train", batched(SubsetRandomSampler(range(7)), drop_last=True))
    assert (len(loader), loader.samples) == (1, 4)
    assert GivenLoader("train", DataLoader(DATA, batch_size=None, collate_fn=one)).samples == 10


class Pairs:
    """Batches of four samples, two of them in the next one again, and nothing that is a sampler."""

    def __iter__(self):
        return iter([[n, n + 1, n + 2, n + 3] for n in range(0, 8, 2)])

    def __len__(self):
        return 4


def test_samples_are_counted_where_no_sampler_does():
    loader = GivenLoader("train", DataLoader(DATA, batch_sampler=Pairs()))
    assert loader.samples == sum(len(y) for _, y in loader) == 16
    ready = TensorDataset(torch.rand(5, 3, 1, 2, 2), torch.zeros(5, 3, dtype=torch.int64))
    loader = GivenLoader("train", DataLoader(ready, batch_size=None))
    assert loader.samples == sum(len(y) for _, y in loader) == 15


def test_samplers_of_batches_and_those_inside_are_told_the_epoch():
    loader = GivenLoader("train", batched(DistributedSampler(DATA, num_replicas=2, rank=0)))
    assert loader.samples == 5
    assert order(loader, 1) != order(loader, 2) and order(loader, 1) == order(loader, 1)

    class Turned(list):
        def set_epoch(self, epoch):
            self[:] = [[epoch, epoch + 1]]

    loader = GivenLoader("train", DataLoader(DATA, batch_sampler=Turned([[0, 1]])))
    assert [order(loader, epoch) for epoch in (0, 3)] == [[0, 1], [3, 4]]


def test_sizes_of_batches_are_known_before_they_are_there():
    loader = GivenLoader("train", shuffled())
    assert [loader.size_of(n) for n in range(3)] == [len(y) for _, y in loader] == [4, 4, 2]
    whole = GivenLoader("train", shuffled(drop_last=True))
    assert [whole.size_of(n) for n in range(2)] == [len(y) for _, y in whole] == [4, 4]
    loader.check_size(2, 2)
    with pytest.raises(DataError, match="^train: batch 2 has 3 samples, where its DataLoader has"):
        loader.check_size(2, 3)


class Counted(Stream):
    def __len__(self):
        return 10


@pytest.mark.parametrize(
    "make",
    [
        lambda: DataLoader(DATA, batch_sampler=[[0, 1, 2], [3]]),
        lambda: DataLoader(DATA, batch_size=None, collate_fn=lambda it: (it[0][None], it[1][None])),
        lambda: DataLoader(Counted(), batch_size=4),
    ],
)
def test_sizes_that_nobody_knows_are_refused(make):
    with pytest.raises(UsageError, match="^train: how large the batches of this DataLoader are is"):
        GivenLoader("train", make()).size_of(0)


def test_frames_arrive_behind_time_however_they_are_collated():
    x = torch.rand(5, 3, 2, 4, 4)
    data = TensorDataset(x, torch.arange(5))
    loader = GivenLoader("test", DataLoader(data, batch_size=4))
    assert loader.kind == ((2, 4, 4), 3)
    assert torch.equal(torch.cat([x for x, _ in loader], 1), x.transpose(0, 1))

    def time_first(items):
        xs, ys = zip(*items, strict=True)
        return torch.stack(xs, 1), torch.stack(ys)

    loader = GivenLoader("test", DataLoader(data, batch_size=4, collate_fn=time_first))
    assert torch.equal(torch.cat([x for x, _ in loader], 1), x.transpose(0, 1))
    with pytest.raises(UsageError, match=r"may be \[N, T, C, H, W\] or .*another batch_size"):
        GivenLoader("test", DataLoader(data, batch_size=3))


def test_what_has_no_length_or_no_batch_is_refused():
    with pytest.raises(UsageError, match="a DataLoader of a Stream has no length"):
        GivenLoader("train", DataLoader(Stream(), batch_size=2))
    with pytest.raises(UsageError, match="^train: a DataLoader without batches"):
        GivenLoader("train", DataLoader(DATA, batch_size=11, drop_last=True))


@pytest.mark.parametrize(
    ("collate", "words"),
    [
        (lambda items: {"x": 1}, "a batch is a dict of 1, expected a pair"),
        (
            lambda items: (torch.zeros(4, 3), torch.zeros(4)),
            r"float32 of shape \[4, 3\] for x.*; in its Dataset x\.view\(-1, 1, 1\)",
        ),
        (lambda items: (torch.zeros(4, 1, 2, 2).byte(), 0), r"uint8 of shape .* for x"),
        (lambda items: (torch.zeros(4, 1, 2, 2), [0] * 4), "a list of 4 for y"),
    ],
)
def test_batches_of_another_kind_are_refused(collate, words):
    with pytest.raises(DataError, match=f"^train: .*{words}"):
        GivenLoader("train", DataLoader(DATA, batch_size=4, collate_fn=collate))
