import subprocess
import sys

import numpy as np
import pytest

import tssd
from tssd.errors import UsageError
from tssd.exporting.request import Request
from tssd.lowering import lower

onnx_models = pytest.importorskip("tssd.bench.onnx_models", reason="needs: pip install tssd[onnx]")


@pytest.fixture(scope="module")
def net():
    return tssd.vgg9(1, 10, 16, width=1 / 16).eval()


def test_models_say_what_the_network_says(net, tmp_path):
    images = np.random.default_rng(0).random((3, 1, 16, 16), np.float32)
    frames = np.random.default_rng(1).random((2, 3, 1, 16, 16), np.float32)
    for name, x in {"images": images, "frames": frames}.items():
        folder = tmp_path / name
        folder.mkdir()
        samples = np.broadcast_to(x, (2, *x.shape)) if x.ndim == 4 else x
        requests = {2: Request(2, "float32", samples)}
        onnx_models.write(folder, lower(net), requests, images=x.ndim == 4)
        found = onnx_models.opened(folder, 1)(x, 2)
        expected = net(_tensor(samples)).logits
        np.testing.assert_allclose(found, expected.detach().numpy(), rtol=0, atol=1e-4)


def test_eight_bits_are_near(net, tmp_path):
    x = np.random.default_rng(0).random((16, 1, 16, 16), np.float32)
    request = Request(1, "int8", np.broadcast_to(x, (1, *x.shape)))
    onnx_models.write(tmp_path, lower(net), {1: request}, images=True)
    logits = onnx_models.opened(tmp_path, 1)(x, 1)
    expected = net(tssd.repeat_in_time(_tensor(x), 1)).logits.detach().numpy()
    assert [path.name for path in tmp_path.iterdir()] == ["1.onnx"]
    assert 0 < np.abs(logits - expected).max() < 0.5 * np.abs(expected).max()


def test_eight_bits_want_samples_to_choose_scales_by(net, tmp_path):
    none = np.zeros((1, 0, 1, 16, 16), np.float32)
    with pytest.raises(UsageError, match=r"^samples: got no calibration samples, expected valida"):
        onnx_models.write(tmp_path, lower(net), {1: Request(1, "int8", none)}, images=True)
    onnx_models.write(tmp_path, lower(net), {1: Request(1, "float32", none)}, images=True)
    assert [path.name for path in tmp_path.iterdir()] == ["1.onnx"]


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ("avx avx2 fma", True),
        ("avx avx2 fma avx512f", True),
        ("avx avx2 fma avx512f avx512_vnni", False),
        ("avx avx2 fma avx_vnni", False),
        ("asimd sve bf16", False),
        ("", False),
    ],
)
def test_sums_of_bytes_overflow_on_x86_without_vnni(extensions, expected):
    assert onnx_models.saturates({"extensions": extensions}) is expected


def test_a_process_that_only_opens_models_has_no_torch():
    code = "import sys, tssd.bench.onnx_models; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def _tensor(x):
    import torch

    return torch.from_numpy(np.array(x))
