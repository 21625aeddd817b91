"""Neurons of a whole layer, from currents that are there already; how kernels are kept."""

import ast
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from .small import HARD, LIF, conv, leveled

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import firing, pools, reference  # noqa: E402
from tssd.engine.dense import Dense  # noqa: E402
from tssd.engine.events import Events  # noqa: E402
from tssd.engine.plan import needed, plan  # noqa: E402
from tssd.engine.values import Signal  # noqa: E402
from tssd.graph import Node  # noqa: E402

from .layers import step_of  # noqa: E402

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("channels", [64, 70])
@pytest.mark.parametrize("options", [LIF, HARD], ids=["soft", "hard"])
@pytest.mark.parametrize("timesteps", [1, 3])
def test_they_are_numpys(channels, options, timesteps):
    step = step_of(conv(RANDOM, "c", "x", (channels, 2, 2), 3), options)
    check(step, (timesteps, 2, 2, 2, channels))


def test_neurons_that_differ_from_channel_to_channel():
    decay = (np.arange(70) / 128).astype(np.float32)
    check(step_of(conv(RANDOM, "c", "x", (70, 2, 2), 3), decay=decay), (3, 2, 2, 2, 70))


@pytest.mark.parametrize("op", ["avg_pool", "max_pool"])
@pytest.mark.parametrize(("channels", "kind"), [(128, "u1"), (48, "f4"), (50, "f4"), (50, "u1")])
def test_pools_are_numpys(op, channels, kind):
    values = RANDOM.integers(0, 3, (2, 2, 7, 6, channels)).astype(kind)
    x = Signal(values, 0.5, 2) if kind == "u1" else Signal(values - 1)
    for padding in ([0, 0], [1, 1]) if op == "max_pool" else ([0, 0],):
        options = {"kernel": [3, 2], "stride": [2, 1], "ceil": False, "padding": padding}
        size = [(7 + 2 * padding[0] - 3) // 2 + 1, 6 + 2 * padding[1] - 2 + 1]
        node = Node("p", op, ("x",), (channels, *size), {}, options)
        found, expected = Events([]).plain(node, [x]), pools.apply(node, [x])
        assert np.array_equal(found.array, expected.array)
        assert (found.scale, found.top) == (expected.scale, expected.top)


@pytest.mark.parametrize("arrays", [{}, {"threshold": (1 + np.arange(70) / 64).astype("f4")}])
@pytest.mark.parametrize("timesteps", [1, 3])
def test_levels_are_numpys(arrays, timesteps):
    steps = needed(plan(leveled(**arrays), 0), ("head",))
    step = next(step for step in steps if step.name == "three")
    x = Signal(np.round(RANDOM.standard_normal((timesteps, 2, 9, 8, 70)) * 64).astype("f4") / 32)
    found, last = Events(steps).levels(step, x, None, timesteps, True)
    expected, membranes = Dense().levels(step, x, None, timesteps, True)
    assert np.array_equal(found.array, expected.array)
    assert np.array_equal(np.stack(last), np.stack(membranes))
    assert Events(steps).levels(step, x, None, timesteps, False)[1] is None
    # Membranes that are given stay as they are.
    before = np.stack(membranes)
    again, _ = Events(steps).levels(step, x, membranes, timesteps, True)
    assert np.array_equal(np.stack(membranes), before)
    assert np.array_equal(again.array, Dense().levels(step, x, membranes, timesteps, True)[0].array)


def check(step, shape):
    x = np.round(RANDOM.standard_normal(shape) * 64).astype(np.float32) / 32
    v = reference.at_first(step.neurons, shape[1:-1])
    found, last = Events([step]).fire(step, x, None, 3, True)
    spikes, expected = reference.fire(x, step.neurons, v, 3)
    assert np.array_equal(found.array, spikes) and np.array_equal(last, expected)


def test_what_is_kept_on_disk_is_compiled_anew_where_any_source_changed(monkeypatch, tmp_path):
    (tmp_path / "kept.py").write_text("def more(x):\n    return x + 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    def kept(digest):
        monkeypatch.setattr(firing, "DIGEST", digest)
        kernel = firing.compiled(importlib.import_module("kept").more)
        assert kernel(1) == 2
        del sys.modules["kept"]
        return sum(kernel.stats.cache_hits.values())

    assert [kept(digest) for digest in ("one", "one", "other")] == [0, 1, 0]


def test_the_sources_are_all_that_kernels_are_made_of():
    folder = Path(firing.__file__).parent
    found, left = set(), {"kernels", "values_kernel", "firing"}
    while left:
        name = left.pop()
        found.add(name)
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("tssd.engine"):
                of = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                names = {each.removeprefix("tssd.engine.") for each in of}
                left |= {n for n in names if (folder / f"{n}.py").exists()} - found
    # What `packing` imports for Python's part of it.
    assert found - {"layer", "quantisation"} == set(firing.SOURCES)


def test_another_source_has_another_digest(monkeypatch, tmp_path):
    for name in firing.SOURCES:
        (tmp_path / f"{name}.py").write_bytes(b"a")
    monkeypatch.setattr(firing, "__file__", str(tmp_path / "firing.py"))
    before = firing._digest()
    assert firing._digest() == before
    (tmp_path / "words.py").write_bytes(b"b")
    assert firing._digest() != before
