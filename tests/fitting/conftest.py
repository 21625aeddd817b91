"""One run that many tests look at; none may change it."""

import logging
from types import SimpleNamespace

import pytest
import torch

import tssd

from .own import digits, plain_mlp


@pytest.fixture(scope="session")
def trained_here(tmp_path_factory):
    """A run of a plain module on Datasets, as it was made and what it was made of."""
    torch.manual_seed(1)
    net = plain_mlp()
    folder = tmp_path_factory.mktemp("fitting") / "run"
    run = tssd.fit(
        net, digits(0, 120), val=digits(120, 160), test=digits(160, 300), epochs=2, folder=folder
    )
    return SimpleNamespace(net=net, run=run, folder=folder)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch, caplog):
    """Runs that are told no folder go below the current one."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO, "tssd")
