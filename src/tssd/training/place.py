"""Which of a run's processes this one is, and whether this machine has what they need."""

import os
import sys

import torch

from tssd.data import DataModule
from tssd.data.given import GivenData
from tssd.data.given_loader import GivenLoader
from tssd.data.shares import LEAST, Share
from tssd.errors import UsageError
from tssd.training.settings import TrainerSettings, best_device

# What torchrun tells the processes that it starts, and this package those that it starts.
RANK, PROCESSES = "RANK", "WORLD_SIZE"


def place(settings: TrainerSettings) -> Share:
    """This process among those of the run: 0 where nobody has started it as another one."""
    if settings.processes == 1:
        return Share()
    return Share(int(os.environ.get(RANK, "0")), settings.processes)


def is_started() -> bool:
    """Whether somebody else, such as torchrun, starts the processes."""
    return RANK in os.environ and PROCESSES in os.environ


def refuse_place(settings: TrainerSettings, data: DataModule) -> None:
    """Refuse what several processes can't do here, or a device can't hold.

    Raises: UsageError: another number of processes than were started, several machines without
        torchrun, devices that are not there, batch norm over processes on a CPU, batches that
        can't be shared out, images on a device that can't transform them.
    """
    if settings.data_on_device is True and getattr(data, "transforms", None):
        raise UsageError(
            "trainer.data_on_device: got true, but data.transforms are torchvision's, which take "
            "one image after the other on the CPU; use --trainer.data_on_device auto, or leave the "
            "transforms out"
        )
    processes = settings.processes
    there = int(os.environ.get(PROCESSES, "1")) if is_started() else processes
    if there != processes:
        raise UsageError(
            f"trainer.devices: got {settings.devices} on {settings.nodes} machines, but {there} "
            "processes were started; give torchrun's --nproc_per_node and --nnodes as "
            "--trainer.devices and --trainer.nodes"
        )
    if processes == 1:
        return
    if isinstance(data, GivenData) and any(isinstance(s, GivenLoader) for s in data.sets.values()):
        raise UsageError(
            "trainer.devices: batches of a DataLoader can't be shared out to several processes; "
            "give its Dataset instead, or use --trainer.devices 1"
        )
    kind = best_device(settings.accelerator).type
    if settings.nodes > 1 and not is_started():
        raise UsageError(
            f"trainer.nodes: {settings.nodes} machines need torchrun on each, which starts the "
            "processes: torchrun --nnodes ... -m tssd train ... (docs/devices.md)"
        )
    if kind == "mps":
        raise UsageError(
            "trainer.devices: there is one MPS device; use --trainer.devices 1, or "
            "--trainer.accelerator cpu"
        )
    if kind == "cuda" and settings.devices > torch.cuda.device_count():
        raise UsageError(
            f"trainer.devices: got {settings.devices}, but this machine has "
            f"{torch.cuda.device_count()} CUDA devices; lower --trainer.devices"
        )
    if settings.sync_batch_norm and kind == "cpu":
        raise UsageError(
            "trainer.sync_batch_norm: torch normalises over processes on GPUs alone, and training "
            "is on the CPU; use --trainer.sync_batch_norm false"
        )
    if data.batch_size < LEAST * processes:
        raise UsageError(
            f"data.batch_size: got {data.batch_size} samples for {processes} processes together, "
            f"expected >= {LEAST * processes}; raise it, or lower --trainer.devices"
        )
    main = sys.modules["__main__"]
    if not (is_started() or main.__spec__ or hasattr(main, "__file__")):
        raise UsageError(
            "trainer.devices: several processes run one script, and this is none; use `tssd train`,"
            " a script, or --trainer.devices 1"
        )
