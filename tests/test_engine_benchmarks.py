"""That the engine's benchmark compares like with like."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="needs the extra: pip install tssd[onnx]")
pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from benchmarks import engine  # noqa: E402
from benchmarks.engine_networks import images, imposed  # noqa: E402

from tssd.engine import Network  # noqa: E402


@pytest.mark.parametrize("timesteps", [1, 3])
def test_runtimes_compute_the_same(timesteps):
    graph = imposed(0.12, timesteps, size=8, stages=((8, 16), (16,)))
    x = images(2, 8)
    logits = {name: run() for name, run in engine.actions(graph, x, timesteps).items()}
    exact = logits["PyTorch"]
    assert exact.shape == (timesteps, 2, 10)
    for name in ("engine float32", "ONNX Runtime fp32", "SpikingJelly"):
        np.testing.assert_allclose(logits[name], exact, atol=1e-5, err_msg=name)
    # Weights of 8 bits change some spikes; currents of 8 bits, more.
    for name in ("engine int8", "ONNX Runtime int8"):
        assert 0 < np.abs(logits[name] - exact).mean() < 0.5 * np.abs(exact).mean(), name


def test_layers_fire_at_the_rate_that_is_imposed():
    graph = imposed(0.12, 2, size=16, stages=((8, 16), (16,)))
    spikes = Network(graph, backend="numpy").trace(images(2, 16), 2).spikes
    for name, found in spikes.items():
        assert found.mean() == pytest.approx(0.12, abs=0.01), name


def test_the_table_says_how_many_times_faster_the_engine_is():
    seconds = {name: 0.001 for name in engine.OURS} | {name: 0.01 for name in engine.THEIRS}
    lines = engine.table({("net", 1, 4): seconds}).splitlines()
    assert lines[2].startswith("| net | 1, 4 | 1.00 | 1.00 | 1.00 | 10.00 |")
    assert lines[2].endswith("| 10.0 / 10.0 / 10.0 / 10.0 |")


def test_each_call_that_counts_comes_behind_one_that_does_not():
    calls = []
    found = engine.medians({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert calls == list("aabb") * 2
    assert set(found) == {"a", "b"}
