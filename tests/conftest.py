"""A trained run, shared by the tests that only read one."""

import gc
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

# Enough to go through every step of training, and little enough to take a second. The 50 images are
# one batch, and so are the 359 that each evaluation takes.
TINY = {
    "net.width": "0.03125",
    "data.train_samples": "50",
    "data.batch_size": "360",
    "timesteps.student": "2",
    "timesteps.teacher": "4",
    "trainer.epochs": "1",
    "trainer.threads": "1",
    "trainer.progress": "false",
}

# Thousands of tests are collected into objects that all stay: nothing to look through again and
# again, neither while they are made nor afterwards.
gc.disable()


def pytest_collection_finish():
    gc.collect()
    gc.freeze()
    gc.enable()


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


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub on this machine, which is asked in place of Hugging Face's; see hub/stand_in.py."""
    constants = pytest.importorskip(
        "huggingface_hub.constants", reason="needs the extra: pip install tssd[hub]"
    )
    from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

    from hub.stand_in import TOKEN, StandIn

    stand_in = StandIn()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    disable_progress_bars()
    with stand_in.running() as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        # As if the variable had been there when the library was imported.
        monkeypatch.setattr(constants, "ENDPOINT", url)
        template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield stand_in
    enable_progress_bars()
