"""Batches made on the device are those of the CPU, bit by bit."""

import numpy as np
import pytest
import torch

from data.toy import Toy
from tssd.data.crop_flip import CropFlip
from tssd.data.cutout import Cutout

CUDA = torch.device("cuda")


def batches(loader, epoch=0):
    if hasattr(loader.sampler, "set_epoch"):
        loader.sampler.set_epoch(epoch)
    return list(loader)


def test_batches_are_those_of_the_cpu():
    here, there = Toy(batch_size=7, num_workers=0), Toy(batch_size=7)
    there.place(CUDA)
    for epoch in (0, 3):
        found = batches(there.train_dataloader(), epoch)
        expected = batches(here.train_dataloader(), epoch)
        assert len(found) == len(expected) > 3
        for (x, y), (x_here, y_here) in zip(found, expected, strict=True):
            assert x.device.type == y.device.type == "cuda"
            assert torch.equal(x.cpu(), x_here)
            assert torch.equal(y.cpu(), y_here)
    for name in ("val", "test"):
        pairs = zip(
            getattr(there, f"{name}_dataloader")(),
            getattr(here, f"{name}_dataloader")(),
            strict=True,
        )
        assert all(torch.equal(x.cpu(), x_here) for (x, _), (x_here, _) in pairs)


@pytest.mark.parametrize(
    "augment",
    [
        CropFlip(4, flip=True, seed=1),
        CropFlip(4, flip=True, seed=1, reflect=True, alternating=True),
        Cutout(9, colour=(10, 20, 255), seed=1),
    ],
)
def test_augmenting_waits_for_nothing_and_gives_the_same_bytes(augment):
    x = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8)
    there = x.to(CUDA)
    epochs, index = np.zeros(64, dtype=np.int64), np.arange(64)
    augment(there, epochs, index)  # takes pinned memory once
    torch.cuda.set_sync_debug_mode("error")
    try:
        found = augment(there, epochs, index)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.equal(found.cpu(), augment(x, epochs, index))
