"""Whole networks: against torch, path against path, piece by piece, in threads."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from tssd.engine import Network, load
from tssd.errors import DataError, UsageError
from tssd.graph import write_graph

from .small import frames, images, leveled, network, shortcut

WEIGHTS = ("float32", "int8", "int7")


@pytest.fixture(scope="module")
def nets():
    pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")
    return {w: Network(network(), weights=w, dense_above=np.inf) for w in WEIGHTS}


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("x", [images(), frames()], ids=["images", "frames"])
def test_the_compiled_path_spikes_as_numpy_does_in_every_layer(nets, weights, x):
    oracle = Network(network(), weights=weights, backend="numpy").trace(x, 4)
    found = nets[weights].trace(x, 4)
    assert set(found.spikes) == {n.name for n in network().neurons()}
    for name, spikes in oracle.spikes.items():
        assert np.array_equal(found.spikes[name], spikes), name
        assert 0.01 < spikes.mean() < 0.99, name
    np.testing.assert_allclose(found.logits, oracle.logits, atol=1e-5)
    assert np.array_equal(nets[weights].run(x, 4), found.logits)


def test_real_values_between_layers_of_whole_numbers_are_the_same_everywhere(nets):
    oracle, found = (
        Network(shortcut(), weights="int8", backend=b, dense_above=np.inf)
        for b in ("numpy", "numba")
    )
    assert found.whole_numbers == ("block",)
    found = found.trace(frames()).spikes
    for name, spikes in oracle.trace(frames()).spikes.items():
        assert np.array_equal(found[name], spikes), name
        assert 0.01 < spikes.mean() < 0.99, name


def test_dense_layers_give_the_same_spikes(nets):
    dense = Network(network(), weights="int8", dense_above=0.0)
    expected = nets["int8"].trace(frames()).spikes
    assert all(np.array_equal(s, expected[n]) for n, s in dense.trace(frames()).spikes.items())


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_steps_are_the_whole_and_leave_the_state_as_it_is(nets, backend):
    net = nets["float32"] if backend == "numba" else Network(network(), backend=backend)
    x = frames()
    state = first = net.initial_state(3)
    before = {name: v.copy() for name, v in first.items()}
    logits = []
    for x_t in x:
        one, state = net.step(x_t, state)
        logits.append(one)
    assert np.array_equal(np.stack(logits), net.run(x))
    assert all(np.array_equal(first[name], v) for name, v in before.items())


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_levels_that_are_run_together_are_those_that_are_shown(nets, backend):
    net = Network(leveled(), weights="int8", backend=backend, dense_above=np.inf)
    x = frames()
    trace = net.trace(x)
    assert set(trace.spikes) == {"low", "middle", "high", "one", "other"}
    assert np.array_equal(net.run(x), trace.logits)
    state, logits = net.initial_state(3), []
    assert set(state) == set(trace.spikes)
    for x_t in x:
        one, state = net.step(x_t, state)
        logits.append(one)
    assert np.array_equal(np.stack(logits), trace.logits)
    assert np.array_equal(net.predict(x).classes, trace.logits.mean(0).argmax(1))
    sure = net.predict(x, confidence=0.0)
    assert sure.timesteps.tolist() == [1, 1, 1]


def test_threads_change_nothing(nets):
    with Network(network(), threads=2, dense_above=np.inf) as net:
        assert np.array_equal(net.run(frames()), nets["float32"].run(frames()))
        one = frames(samples=1)
        assert np.array_equal(net.run(one), nets["float32"].run(one))
        assert np.array_equal(
            net.predict(frames()).classes, nets["float32"].predict(frames()).classes
        )


def test_without_its_threads_a_network_runs_in_the_callers(nets):
    net = Network(network(), threads=2, backend="numpy")
    expected = net.run(frames())
    net.close()
    assert np.array_equal(net.run(frames()), expected)


@pytest.mark.parametrize("kind", ["vgg9", "resnet18"])
def test_a_network_of_ours_has_its_own_spikes(kind):
    from tssd.lowering import lower
    from tssd.models import resnet18, vgg9
    from tssd.time import repeat_in_time

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = {"vgg9": vgg9, "resnet18": resnet18}[kind](3, 5, 16, width=1 / 32)
        x = repeat_in_time(torch.randn(6, 3, 16, 16), 3)
        for _ in range(3):
            net(x)  # moves the statistics of the norms
    with torch.no_grad():
        expected = net.eval()(x).logits.numpy()
    found = Network(lower(net, (3, 16, 16)), dense_above=np.inf).run(x.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_file_says_as_what_its_weights_are_loaded(tmp_path):
    facts = {"engine": {"weights": "int8"}, "mean": [0.5, 0.25], "std": [0.5, 0.5]}
    write_graph(tmp_path / "network.safetensors", network(), facts)
    net = load(tmp_path, backend="numpy")
    assert net.weights == "int8"
    assert load(tmp_path / "network.safetensors", "float32", backend="numpy").whole_numbers == ()
    # Not the first layer and the heads; of fused ones the neurons' names.
    assert net.whole_numbers == ("wide", "back", "block", "d", "shortcut", "features")
    pixels = np.full((1, 2, 9, 8), 255, np.uint8)
    assert np.unique(net.normalised(pixels)).tolist() == [1.0, 1.5]
    assert np.array_equal(net.normalised(np.ones(pixels.shape)), net.normalised(pixels))
    with pytest.raises(UsageError, match="says nothing of mean"):
        Network(network(), backend="numpy").normalised(pixels)


@pytest.mark.parametrize("told", ["x", 3, {"weights": [1]}, {"weights": "int4"}, None])
def test_a_file_that_says_no_weights_that_there_are_is_refused(tmp_path, told):
    write_graph(tmp_path / "network.safetensors", network(), {"engine": told})
    with pytest.raises(DataError, match=r"its weights are .*, expected one of float32, int8"):
        load(tmp_path, backend="numpy")
    assert load(tmp_path, "int7", backend="numpy").weights == "int7"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads: got 0"),
        ({"weights": "int4"}, "weights: got 'int4'"),
        ({"backend": "cuda"}, "backend: got 'cuda'"),
    ],
)
def test_options_that_do_not_exist_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        Network(network(), **{"backend": "numpy"} | options)


def test_a_step_takes_one_frame():
    net = Network(network(), backend="numpy")
    with pytest.raises(UsageError, match=r"input: got shape \[4, 3, 2, 9, 8\], expected one frame"):
        net.step(frames(), net.initial_state(3))


def test_a_state_of_other_samples_is_refused():
    net = Network(network(), backend="numpy")
    with pytest.raises(UsageError, match=r"net.initial_state\(3\)"):
        net.step(frames()[0], net.initial_state(2))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "state: got NoneType, expected membranes by node; begin with net.initial_state"),
        ([1.0], "state: got list, expected membranes by node"),
        ({}, "state: it is not of this network and 3 samples"),
        ({"first": [[1.0], [1.0, 2.0]]}, "state: it holds what is no array of numbers; begin"),
        ({"first": {}}, "state: it holds what is no array of numbers; begin"),
    ],
)
def test_what_is_no_state_is_refused(state, message):
    with pytest.raises(UsageError, match=message):
        Network(network(), backend="numpy").step(frames()[0], state)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_a_state_that_has_been_through_json_is_the_same(nets, backend):
    net = nets["float32"] if backend == "numba" else Network(network(), backend=backend)
    _, state = net.step(frames()[0], net.initial_state(3))
    expected, after = net.step(frames()[1], state)
    read = {name: np.array(json.loads(json.dumps(v.tolist()))) for name, v in state.items()}
    assert {v.dtype for v in read.values()} == {np.dtype("float64")}
    found, last = net.step(frames()[1], read)
    assert np.array_equal(found, expected)
    assert all(last[name].dtype == np.float32 for name in last)
    assert all(np.array_equal(last[name], v) for name, v in after.items())


def test_nothing_imports_torch():
    code = "import sys, tssd.engine; sys.exit('torch' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
