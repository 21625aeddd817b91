"""The engine's files."""

from dataclasses import replace

import numpy as np
import pytest

from engine.small import frames, images, network
from tssd.engine import load
from tssd.exporting.engine import run, write
from tssd.exporting.request import Request
from tssd.graph import read_graph


def request_for(weights):
    return Request(timesteps=3, weights=weights, samples=frames())


@pytest.mark.parametrize("weights", ["float32", "int7"])
def test_what_is_written_runs(tmp_path, weights):
    write(tmp_path, network(), {"classes": ["a"]}, request_for(weights))
    facts = read_graph(tmp_path / "network.safetensors").facts
    assert facts["classes"] == ["a"]
    assert facts["engine"]["weights"] == weights
    if weights == "int7":
        assert facts["engine"]["changed_spikes"]["first"] == 0
    x = np.broadcast_to(images(), (3, *images().shape))
    ran = run(tmp_path, x, request_for(weights))
    oracle = load(tmp_path, weights, backend="numpy").trace(x)
    assert np.array_equal(ran.logits, oracle.logits)
    assert all(np.array_equal(ran.spikes[n], s) for n, s in oracle.spikes.items())
    assert np.array_equal(ran.exits["0"], oracle.exits["0"])
    alone = run(tmp_path, x, replace(request_for(weights), spikes=False))
    assert np.array_equal(alone.logits, ran.logits)
    assert not alone.spikes


def test_whole_numbers_want_no_samples(tmp_path):
    none = replace(request_for("int8"), samples=frames()[:, :0])
    write(tmp_path, network(), {}, none)
    facts = read_graph(tmp_path / "network.safetensors").facts
    assert facts["engine"] == {"weights": "int8"}
    assert load(tmp_path, backend="numpy").weights == "int8"


def test_what_is_written_anew_is_read_anew(tmp_path):
    write(tmp_path, network(), {}, request_for("float32"))
    before = run(tmp_path, frames(), request_for("float32")).logits
    write(tmp_path, network(seed=7), {}, request_for("float32"))
    assert not np.array_equal(run(tmp_path, frames(), request_for("float32")).logits, before)
