"""A trained run, shared by the tests that only read one."""

import os
import signal

import pytest
import torch

# Shells start background jobs with Ctrl-C ignored, nohup those with a hang-up ignored, and programs
# that the tests start inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Training refuses a cuBLAS that was started without it, and tests before may have started it.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

# The networks here are small: a second thread costs more than it brings, and where other programs
# run beside the tests, several times more.
torch.set_num_threads(1)

# Enough to go through every step of training, and little enough to take a second.
TINY = {
    "net.width": "0.03125",
    "data.train_samples": "50",
    "timesteps.student": "2",
    "timesteps.teacher": "4",
    "trainer.epochs": "1",
    "trainer.threads": "1",
    "trainer.progress": "false",
}


@pytest.fixture(scope="session")
def tiny():
    """Overrides that make a run of any digits recipe short."""
    return list(TINY.items())


@pytest.fixture(scope="session")
def trained(tiny, tmp_path_factory):
    """Folder of a finished run of digits/tssd. Read only: copy it to change it."""
    from tssd.config import build, load_recipe
    from tssd.training.fit import fit

    folder = tmp_path_factory.mktemp("trained") / "run"
    fit(build(load_recipe("digits/tssd", tiny)), folder)
    return folder
