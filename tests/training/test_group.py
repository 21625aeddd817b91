"""Two processes of a run against one: the same training, told and written once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import tssd
from tssd.config import build, load_recipe
from tssd.config.pieces import rooms
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit
from tssd.training.group import Leader

from .nets import frozen_norms
from .runs import OPTIONS, RECIPE, small, table, weights

# The last of an epoch's three batches is too small to be shared out; 70 validation samples.
SHARED = OPTIONS | {
    "net": f"{frozen_norms.__module__}.frozen_norms",
    "data.train_samples": 53,
    "data.augment": True,
    "trainer.accelerator": "cpu",
    "schedule": "{class_path: tssd.training.schedule.StepDecay, init_args: {every: 2}}",
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The run of one process, three epochs long."""
    folder = tmp_path_factory.mktemp("group") / "alone"
    fit(small(SHARED | {"trainer.epochs": 3}), folder)
    return folder


def test_two_processes_train_as_one_and_one_continues_their_run(tmp_path, alone):
    folder = tmp_path / "shared"
    command = [sys.executable, "-P", "-m", "tssd", "train", RECIPE, f"--output={folder}"]
    command += [f"--{name}={value}" for name, value in SHARED.items()]
    roots = (Path(tssd.__file__).parents[1], Path(__file__).parents[1])
    done = subprocess.run(
        [*command, "--trainer.devices=2"],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, roots))},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("test accuracy") == 1
    assert "Traceback" not in done.stderr
    rows = table(folder)
    assert len(rows) == 2
    for row, expected in zip(rows, table(alone), strict=False):
        assert row == pytest.approx(expected, rel=1e-5)
    results = RunFolder(folder).read_results()
    assert results.last.samples == 359
    assert [path for path in folder.rglob("*") if "partial" in path.name] == []

    # One process continues it, and ends where one alone has got to.
    longer = small(SHARED | {"trainer.epochs": 3})
    fit(longer, folder, resume=True, relength=True)
    found, wanted = weights(folder), weights(alone)
    assert any(name.startswith("exits") for name in wanted)
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-6)
    for row, expected in zip(table(folder), table(alone), strict=True):
        assert row == pytest.approx(expected, rel=1e-5)


def test_a_process_alone_joins_nobody():
    leader = Leader(small())
    with leader.leading(), leader.together(resumes=False) as share:
        assert (share.rank, share.processes) == (0, 1)
        assert not torch.distributed.is_initialized()


@pytest.mark.parametrize("method", rooms()["methods"])
def test_no_method_leaves_a_weight_without_gradient(method):
    # Several processes would wait for it.
    options = [("net", SHARED["net"]), ("data.image_size", "8")]
    parts = build(load_recipe(f"digits+vgg9+{method}", options))
    x, y = torch.rand(2, 1, 8, 8), torch.arange(2)
    parts.criterion.run(parts.net, x, y).total.backward()
    for part in (parts.net, parts.criterion):
        without = [
            name for name, p in part.named_parameters() if p.grad is None and p.requires_grad
        ]
        assert not without
