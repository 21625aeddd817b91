"""What each process gets of a batch, put together again: the batch, each sample once."""

import numpy as np
import pytest
import torch

from tssd.data import Digits
from tssd.data.loading import EpochSampler
from tssd.data.shares import Share, SharedBatches, evaluation_batches


def shares(processes):
    return [Share(rank, processes) for rank in range(processes)]


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [1, 2, 5, 16, 17, 23])
def test_every_sample_of_a_batch_is_counted_by_one_process(size, processes):
    counted = [share.counted(size) for share in shares(processes)]
    assert [place for part in counted for place in part] == list(range(size))
    assert max(map(len, counted)) - min(map(len, counted)) <= 1


@pytest.mark.parametrize(("size", "loaded"), [(5, [5, 5, 5]), (6, [2, 2, 2]), (8, [2, 3, 3])])
def test_a_batch_too_small_to_part_is_loaded_whole(size, loaded):
    assert [len(share.loaded(size)) for share in shares(3)] == loaded


def test_shares_make_up_the_batches_of_one_process_in_every_epoch():
    sampler = EpochSampler(53, seed=3)
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        order = [index for _, index in sampler]
        parts = [
            [[i for _, i in b] for b in SharedBatches(sampler, 16, drop_last=False, share=share)]
            for share in shares(3)
        ]
        assert [a + b + c for a, b, c in zip(*parts, strict=True)][:3] == [
            order[:16], order[16:32], order[32:48],
        ]  # fmt: skip
        assert [part[3] for part in parts] == [order[48:]] * 3


@pytest.mark.parametrize("processes", [2, 3, 5])
@pytest.mark.parametrize("batch_size", [1, 4, 7, 64])
@pytest.mark.parametrize("size", [1, 4, 5, 6, 11, 70])
def test_processes_evaluate_each_sample_once_in_as_many_batches(size, batch_size, processes):
    made = [evaluation_batches(size, batch_size, share) for share in shares(processes)]
    assert len({len(batches) for batches in made}) == 1
    assert all(batch for batches in made for batch in batches)
    flat = [[index for batch in batches for index in batch] for batches in made]
    if size < processes:
        assert flat == [list(range(size))] * processes
        return
    assert sum(flat, []) == list(range(size))
    largest = max(len(batch) for batches in made for batch in batches)
    assert largest <= max(1, batch_size // processes) + 1


def test_loaders_of_two_processes_give_what_that_of_one_gives():
    data = Digits(batch_size=30, image_size=8, train_samples=100, augment=True)
    data.setup("fit")

    def batches(share):
        with data.shared_out(share):
            train, val = data.train_dataloader(), data.val_dataloader()
        train.batch_sampler.sampler.set_epoch(2)
        assert [train.size_of(n) for n in range(len(train))] == [30, 30, 30, 10]
        return list(train), list(val)

    (alone, seen), *parts = [batches(share) for share in (Share(), Share(0, 2), Share(1, 2))]
    for (x, y), (x0, y0), (x1, y1) in zip(alone, parts[0][0], parts[1][0], strict=True):
        assert torch.equal(x, torch.cat([x0, x1]))
        assert torch.equal(y, torch.cat([y0, y1]))
    labels = torch.cat([y for _, y in seen])
    assert torch.equal(labels, torch.cat([y for part in parts for _, y in part[1]]))
    # Outside, as for the evaluation of a trained network, nothing is shared out.
    assert len(data.train_dataloader().dataset) == sum(len(y) for _, y in data.train_dataloader())
    assert np.isclose(len(labels), data.split_sizes["val"])
