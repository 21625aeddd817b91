from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from tssd.data.given import GivenData
from tssd.data.shares import Share
from tssd.errors import UsageError
from tssd.training.place import place, refuse_place
from tssd.training.settings import TrainerSettings

DATA = SimpleNamespace(batch_size=64)


def settings(**options):
    return TrainerSettings(**{"accelerator": "cpu"} | options)


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def started(monkeypatch):
    """As torchrun tells the third of four processes."""
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")


def test_a_process_that_nobody_has_started_is_the_first():
    assert place(settings()) == Share(0, 1)
    assert place(settings(devices=2)) == Share(0, 2)


def test_another_one_knows_its_number(started):
    assert place(settings(devices=2, nodes=2)) == Share(2, 4)
    refuse_place(settings(devices=2, nodes=2), DATA)


def test_a_run_on_one_device_is_no_part_of_what_else_is_started_side_by_side(started):
    assert place(settings()) == Share()


def test_one_device_needs_nothing():
    refuse_place(settings(), SimpleNamespace(batch_size=1))


@pytest.mark.parametrize("devices", [1, 2])
def test_another_number_than_was_started_is_refused(started, devices):
    with pytest.raises(UsageError, match="trainer.devices: got .*, but 4 processes were started"):
        refuse_place(settings(devices=devices), DATA)


@pytest.mark.parametrize(
    ("options", "batch_size", "words"),
    [
        ({"nodes": 2}, 64, "trainer.nodes: 2 machines need torchrun"),
        ({"devices": 2, "sync_batch_norm": True}, 64, "trainer.sync_batch_norm: torch normalises"),
        ({"devices": 3}, 5, "data.batch_size: got 5 .* for 3 processes .* expected >= 6"),
    ],
)
def test_what_several_processes_cannot_do_is_refused(options, batch_size, words):
    with pytest.raises(UsageError, match=words):
        refuse_place(settings(**options), SimpleNamespace(batch_size=batch_size))


def test_batches_of_a_loader_are_not_shared_out():
    loader = DataLoader(TensorDataset(torch.rand(8, 1, 2, 2), torch.arange(8) % 2), batch_size=4)
    data = GivenData({"train": loader, "test": loader})
    refuse_place(settings(), data)
    with pytest.raises(UsageError, match=r"^trainer\.devices: batches of a DataLoader can't be"):
        refuse_place(settings(devices=2), data)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_more_devices_than_there_are_are_refused():
    with pytest.raises(UsageError, match="trainer.devices: got 999, but this machine has"):
        refuse_place(settings(accelerator="cuda", devices=999), SimpleNamespace(batch_size=9999))


def test_transforms_on_a_device_are_refused():
    listed = SimpleNamespace(batch_size=64, transforms=["RandAugment"])
    with pytest.raises(UsageError, match=r"^trainer\.data_on_device: got true, .*_device auto"):
        refuse_place(settings(data_on_device=True), listed)
    refuse_place(settings(), listed)
    refuse_place(settings(data_on_device=True), SimpleNamespace(batch_size=64, transforms=None))
