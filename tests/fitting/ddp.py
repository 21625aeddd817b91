"""A run of `tssd.fit` on two processes, which are started as torchrun starts them."""

import os
import socket
from multiprocessing import get_context
from pathlib import Path

import torch

import tssd
from training.nets import frozen_norms

from .own import digits

# The last of an epoch's three batches is too small to be shared out.
SHARED = {"train": 53, "val": 30, "test": 40}


def shared_fit(folder: Path, *, devices: int) -> tssd.Run:
    """The run; both processes call it alike."""
    return tssd.fit(
        frozen_norms,
        digits(0, 53),
        val=digits(60, 90),
        test=digits(100, 140),
        student=2,
        lr=0.3,
        epochs=2,
        batch_size=25,
        devices=devices,
        folder=folder,
        options={
            "trainer.accelerator": "cpu",
            "trainer.threads": 1,
            "trainer.progress": False,
        },
    )


def torchrun(folder: Path, *, processes: int) -> None:
    """Forks, which need not import torch again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    forks = [
        get_context("fork").Process(target=_one, args=(folder, rank, processes, port))
        for rank in range(processes)
    ]
    for fork in forks:
        fork.start()
    for fork in forks:
        fork.join(120)
    for fork in forks:
        fork.kill()
    assert [fork.exitcode for fork in forks] == [0] * processes


def _one(folder: Path, rank: int, processes: int, port: int) -> None:
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes}
    place |= {"LOCAL_WORLD_SIZE": processes, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in place.items()})
    torch.set_num_threads(1)
    shared_fit(folder, devices=processes)
