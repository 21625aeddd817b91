"""Runs with neurons that have parameters: stopped, resumed, opened."""

import pytest
import torch

from tssd import load
from tssd.longest import longest
from tssd.neurons import GLIF
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit

from .runs import is_same, small, stopped, table, weights

MLP = {"net": "tssd.models.mlp", "net.hidden": "[16, 16]"}
GATED = MLP | {"net.neuron": "GLIF", "net.neuron.timesteps": 5}


def test_an_interrupted_run_of_glif_ends_like_an_uninterrupted_one(tmp_path):
    whole, run = tmp_path / "whole", tmp_path / "run"
    fit(small(GATED), whole)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(GATED), step=3), run)
    fit(small(GATED), run, resume=True)
    assert is_same(weights(run), weights(whole))
    assert table(run) == table(whole)
    # Nothing has to be trusted, and it runs for what it was built for, one more than T_t.
    net = load(whole)
    assert longest(net) == 5
    first = next(part for part in net.modules() if isinstance(part, GLIF))
    assert not torch.equal(first.raw_gain[0], torch.zeros(16))
    assert torch.equal(first.raw_gain[4], torch.zeros(16))  # which no training reaches
    written = RunFolder(whole).read_config()["net"]["init_args"]["neuron"]
    assert written["class_path"] == "tssd.neurons.GLIF"
    assert written["init_args"]["v_threshold"] == 0.5
