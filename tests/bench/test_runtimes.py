import numpy as np
import pytest
import torch

import tssd
from tssd.bench import runtimes
from tssd.bench.runtimes import RUNTIMES, Opening, runtime, torch_threads
from tssd.errors import UsageError
from tssd.lowering import lower


def test_names_are_found_or_listed():
    assert [runtime(each.name) for each in RUNTIMES] == [*RUNTIMES]
    with pytest.raises(UsageError, match="runtimes: got 'tpu', expected some of pytorch, onnx"):
        runtime("tpu")


def test_scales_that_are_chosen_for_each_t_make_models_apart():
    assert [each.name for each in RUNTIMES if each.apart] == ["onnxruntime-int8"]


def test_the_extra_of_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    assert runtime("pytorch").missing() is None
    assert runtime("engine-int8").missing() == "numba is not installed: pip install 'tssd[engine]'"
    assert "pip install 'tssd[onnx]'" in runtime("onnxruntime").missing()
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None if name == "onnx" else name)
    for name in ("onnxruntime", "onnxruntime-int8"):
        assert runtime(name).missing() == "onnx is not installed: pip install 'tssd[onnx]'"


def test_pytorch_runs_images_and_frames(trained, tmp_path):
    call = runtime("pytorch").open(Opening(str(trained), None, (), tmp_path, 1))
    x = np.random.default_rng(0).random((2, 1, 16, 16), np.float32)
    net = tssd.load(trained)
    expected = net(tssd.repeat_in_time(torch.from_numpy(x), 3)).logits
    np.testing.assert_array_equal(call(x, 3), expected.detach().numpy())
    np.testing.assert_array_equal(call(np.stack([x] * 4), 3), call(x, 3))


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_the_engine_runs_what_is_written(trained, tmp_path, monkeypatch):
    net = pytest.importorskip("tssd.engine.net")
    monkeypatch.setattr(net, "backend_named", lambda name: "numpy")  # no kernels to be compiled
    x = np.random.default_rng(0).random((2, 1, 16, 16), np.float32)
    opening = Opening(str(trained), None, (), tmp_path, 1)
    expected = runtime("pytorch").open(opening)(x, 3)
    for name, near in {"engine": 1e-4, "engine-int8": 1.0}.items():
        engine = runtime(name)
        (tmp_path / name).mkdir()
        engine.write(tmp_path / name, lower(tssd.load(trained)), {}, True)
        found = engine.open(opening)(x, 3)
        np.testing.assert_allclose(found, expected, rtol=0, atol=near)
