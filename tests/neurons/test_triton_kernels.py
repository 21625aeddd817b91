"""The kernels against the scan in PyTorch: on a GPU, and on a CPU in Triton's interpreter."""

import inspect
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tssd.neurons import IF, LIF, LIFState, recording, triton_scan
from tssd.surrogates import ATan, Rectangular, Sigmoid, Triangular

T, N, F = 5, 3, 7

SURROGATES = [Rectangular(0.8), Triangular(1.2), Sigmoid(3.0), ATan(2.0)]
NEURONS = [
    LIF(),
    LIF(1.6, 0.9, v_reset=0.0, surrogate=Triangular(0.7)),
    LIF(3.0, v_reset=-0.3, decay_input=True, detach_reset=True),
    IF(surrogate=ATan()),
    LIF(v_reset=0.0, strict=True),
]
IDS = ["soft", "hard", "detached", "IF", "strict"]
neurons = pytest.mark.parametrize("neuron", NEURONS, ids=IDS)


def outcome(neuron, x, v, *, wants_h):
    """Spikes, membranes and gradients, on the CPU, from an input of any device."""
    x, v = x.detach().requires_grad_(), v.detach().requires_grad_()
    with recording(neuron if wants_h else IF()) as membranes:
        spikes, state = neuron.scan(x, LIFState(v))
    weights = torch.arange(spikes.numel(), device=x.device).cos().view(spikes.shape)
    loss = (spikes * weights).sum() + (state.v * weights[0].sin()).sum()
    for h in membranes.values():
        loss = loss + (h * weights.sin()).sum()
    values = [spikes, state.v, *membranes.values()]
    return [y.detach().cpu() for y in [*values, *torch.autograd.grad(loss, [x, v])]]


def assert_same(neuron, x, v, monkeypatch, *, wants_h=False, tolerance=1e-6):
    """The kernels on x, and the scan in PyTorch on the CPU."""
    assert triton_scan.takes(x, v, neuron.surrogate)
    ours = outcome(neuron, x, v, wants_h=wants_h)
    monkeypatch.setenv(triton_scan.SWITCH, "0")
    expected = outcome(neuron, x.cpu(), v.cpu(), wants_h=wants_h)
    monkeypatch.delenv(triton_scan.SWITCH)
    assert 0.1 < expected[0].float().mean() < 0.9  # or the comparison would say little
    assert torch.equal(ours[0], expected[0])
    for a, b in zip(ours[1:], expected[1:], strict=True):
        within = tolerance if a.dtype == x.dtype else 1e-6  # only the input's type may be coarse
        torch.testing.assert_close(a, b, rtol=within, atol=within)


def inputs(device, dtype=torch.float32, membrane=torch.float32):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(T, N, F, generator=generator, dtype=torch.double) * 2 + 0.8
    v = torch.randn(N, F, generator=generator, dtype=torch.double) / 2
    return x.to(device, dtype), v.to(device, membrane)


@pytest.mark.gpu
@pytest.mark.parametrize("surrogate", SURROGATES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("v_reset", [None, -0.3])
def test_kernels_equal_the_scan_in_pytorch(device, monkeypatch, surrogate, detach_reset, v_reset):
    options = {"v_reset": v_reset, "decay_input": v_reset is None, "detach_reset": detach_reset}
    neuron = LIF(1.6, 0.9, surrogate=surrogate, **options)
    for wants_h in (False, True):
        assert_same(neuron, *inputs(device), monkeypatch, wants_h=wants_h)


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("given", "membrane", "tolerance"),
    [
        (torch.bfloat16, torch.float32, 2**-7),
        (torch.float16, torch.float32, 2**-10),
        (torch.float32, torch.float64, 1e-6),
        (torch.float64, torch.float64, 1e-12),
    ],
)
@neurons
def test_every_type_of_input_and_membrane(device, monkeypatch, neuron, given, membrane, tolerance):
    x, v = inputs(device, given, membrane)
    assert_same(neuron, x, v, monkeypatch, wants_h=True, tolerance=tolerance)


@pytest.mark.gpu
def test_more_neurons_than_one_program_takes(device, monkeypatch):
    torch.manual_seed(0)
    x = torch.randn(3, 2, 1500, device=device) + 0.5
    assert_same(LIF(), x, torch.zeros_like(x[0]), monkeypatch)


@pytest.mark.gpu
@neurons
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_seen_as_in_pytorch(device, monkeypatch, neuron, value):
    x, _ = inputs(device)
    x[1, 2, 3] = value
    spikes = neuron(x).cpu()
    monkeypatch.setenv(triton_scan.SWITCH, "0")
    torch.testing.assert_close(spikes, neuron(x.cpu()), rtol=0, atol=0, equal_nan=True)


# The scan's own tests hold for the kernels. Left out are those of the bytes that only it keeps, and
# such as call it very often or say what the tests here say.
SCAN = ["test_scan", "test_scan_refusals", "test_lif", "test_scan_in_torch", "test_strict"]
LEFT_OUT = [
    "bytes_kept",
    "cut_anywhere",
    "finite_differences",
    "half_precision",
    "reaches_the_last_spikes",
    "sequence-",
    "view-atan",
]


@pytest.mark.skipif(os.environ.get("TRITON_INTERPRET") == "1", reason="is in the interpreter")
def test_the_scans_own_tests_and_these_hold_in_the_interpreter():
    pytest.importorskip("triton")
    here = Path(__file__).parent
    names = [*SCAN, "test_triton_kernels", "test_triton_ops", "test_triton_scan"]
    files = [here / f"{name}.py" for name in names]
    # Infinity times 0 is what the kernel is after; NumPy, which interprets it, warns.
    options = ["-x", "-p", "no:cacheprovider", "-W", "ignore:invalid value:RuntimeWarning"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-k", f"not ({' or '.join(LEFT_OUT)})", *files],
        env=os.environ | {"TRITON_INTERPRET": "1"},
        cwd=here.parents[1],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


AT_ONCE = r"\.v4\.b32|\.v2\.b64"  # a thread reads and writes 16 bytes at a time


def compiled(kernel, pointers, constants, arch):
    """A kernel's binary, made as for a GPU of that architecture; none is needed for it."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    names = list(inspect.signature(kernel.fn).parameters)
    absent = dict.fromkeys(name for name, kind in pointers.items() if kind is None)
    values = {(names.index(name),): value for name, value in (constants | absent).items()}
    signature = {name: pointers.get(name) or "constexpr" for name in names}
    aligned = {(names.index(name),): [["tt.divisibility", 16]] for name in pointers}
    attributes = {key: value for key, value in aligned.items() if key not in values}
    source = ASTSource(kernel, signature, values, attributes)
    return compile(source, target=GPUTarget("cuda", arch, 32)).asm


@pytest.mark.skipif(os.environ.get("TRITON_INTERPRET") == "1", reason="is in the interpreter")
@pytest.mark.parametrize(
    ("arch", "x", "v", "surrogate", "v_reset", "detached"),
    [
        (90, "bf16", "fp32", "Rectangular", None, False),
        (80, "fp32", "fp32", "Sigmoid", -0.3, True),
        (75, "fp16", "fp32", "Triangular", -0.3, False),
        (90, "fp64", "fp64", "ATan", None, True),
    ],
)
def test_kernels_compile_for_gpus(tmp_path, monkeypatch, arch, x, v, surrogate, v_reset, detached):
    # The interpreter takes code that the compiler refuses.
    pytest.importorskip("triton")
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    from tssd.neurons import triton_kernels

    bits = surrogate == "Rectangular"
    x, v = f"*{x}", f"*{v}"
    kept = {"bits": "*u8" if bits else None}
    sizes = {"n": "i64" if bits else "i32", "steps": "i32"}
    forward = {"x": x, "v": v, "spikes": x, "v_last": v, **kept, "shown": None if bits else v}
    shared = {"DECAY": 0.375, "GAIN": 0.625, "THRESHOLD": 0.9, "V_RESET": v_reset, "WIDTH": 1.3}
    shared |= {"STRICT": detached, "BLOCK": 1024}
    asm = compiled(
        triton_kernels.forward, forward | sizes | {"x_step": "i32"}, shared | {"OFFSET": 0.1}, arch
    )
    assert asm["cubin"] and "fma.rn" in asm["ptx"]
    assert re.search(AT_ONCE, asm["ptx"])

    gradients = {"g_spikes": x, "g_v": v, "g_shown": v if not bits else None}
    backward = gradients | kept | {"h": None if bits else v, "g_x": x, "g_v0": v}
    steps = {"g_spikes_step": "i32", "g_shown_step": "i32"}
    constants = {"DETACH_RESET": detached, "SURROGATE": surrogate, "DOUBLE": v == "*fp64"}
    asm = compiled(triton_kernels.backward, backward | sizes | steps, shared | constants, arch)
    assert asm["cubin"] and re.search(AT_ONCE, asm["ptx"])
