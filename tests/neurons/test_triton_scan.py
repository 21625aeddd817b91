import logging
import os
from types import SimpleNamespace

import pytest
import torch

from tssd.errors import UsageError
from tssd.neurons import LIF, LIFState, recording, triton_scan
from tssd.surrogates import ATan, Rectangular

from .kinds import bytes_kept

T, N, F = 6, 5, 7
GPU = torch.device("cuda:0")

not_interpreted = pytest.mark.skipif(
    os.environ.get("TRITON_INTERPRET") == "1", reason="in the interpreter the CPU is a GPU"
)


class Wider(Rectangular):
    """Somebody's own, which the kernels can't know."""


def on_gpu(dtype=torch.float32, device=GPU):
    """What `takes` looks at of a tensor."""
    return SimpleNamespace(is_cuda=device.type == "cuda", device=device, dtype=dtype)


@pytest.fixture
def working(monkeypatch):
    """A GPU on which the kernels run."""
    monkeypatch.setattr(triton_scan, "works_on", lambda device: True)
    monkeypatch.delenv(triton_scan.SWITCH, raising=False)
    return monkeypatch


def test_kernels_are_chosen_by_themselves_and_turned_off_by_a_variable(working):
    assert triton_scan.takes(on_gpu(), on_gpu(), Rectangular())
    assert triton_scan.takes(on_gpu(torch.bfloat16), on_gpu(), ATan())
    working.setenv(triton_scan.SWITCH, "0")
    assert not triton_scan.takes(on_gpu(), on_gpu(), Rectangular())
    working.setenv(triton_scan.SWITCH, "off")
    with pytest.raises(UsageError, match="^TSSD_TRITON: got 'off', expected 1 .* or 0"):
        triton_scan.takes(on_gpu(), on_gpu(), Rectangular())


@pytest.mark.parametrize(
    ("x", "v", "surrogate"),
    [
        (on_gpu(), on_gpu(), Wider()),
        (on_gpu(torch.int64), on_gpu(), Rectangular()),
        (on_gpu(), on_gpu(device=torch.device("cuda:1")), Rectangular()),
        (on_gpu(device=torch.device("meta")), on_gpu(device=torch.device("meta")), Rectangular()),
    ],
    ids=["own surrogate", "integers", "two devices", "no numbers"],
)
def test_what_the_kernels_do_not_know_is_left_to_pytorch(working, x, v, surrogate):
    assert not triton_scan.takes(x, v, surrogate)


@not_interpreted
def test_a_cpu_never_asks_for_triton(working):
    working.setattr(triton_scan, "lif_forward", None)
    assert LIF()(torch.ones(T, N, F)).any()


@pytest.fixture
def said(caplog):
    """What is logged while it is found out anew where the kernels run."""
    triton_scan.works_on.cache_clear()
    with caplog.at_level(logging.WARNING, "tssd"):
        yield caplog
    triton_scan.works_on.cache_clear()


@pytest.mark.parametrize("times", [1, 3])
def test_the_log_says_once_what_is_lost_without_triton(said, monkeypatch, times):
    monkeypatch.setattr(triton_scan, "_INSTALLED", False)
    for _ in range(times):
        assert not triton_scan.takes(on_gpu(), on_gpu(), Rectangular())
    assert said.messages == [
        "neurons: triton is not installed; on cuda:0 they run as many small operations instead of "
        "one kernel, which is slower (TSSD_TRITON=0 silences this)"
    ]


def test_a_triton_that_fails_is_no_end_of_training(said, monkeypatch):
    def broken(*_):
        raise RuntimeError("while compiling:\nFailed to find C compiler.\n")

    monkeypatch.setattr(triton_scan, "lif_forward", broken)
    monkeypatch.setattr(triton_scan, "_INSTALLED", True)
    assert not triton_scan.works_on(torch.device("cpu"))
    [line] = said.messages
    assert line.startswith("neurons: Triton fails: Failed to find C compiler.; on cpu they run")


def test_memory_that_ran_out_says_nothing_about_triton(said, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(triton_scan, "lif_forward", full)
    monkeypatch.setattr(triton_scan, "_INSTALLED", True)
    with pytest.raises(torch.OutOfMemoryError):
        triton_scan.works_on(torch.device("cpu"))
    assert not said.messages


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("neuron", "bytes_each"),
    [
        (LIF(), 1),
        (LIF(v_reset=0.0, detach_reset=True), 1),
        (LIF(v_reset=0.0), 4),
        (LIF(surrogate=ATan()), 4),
        (LIF(v_reset=0.0, detach_reset=True, surrogate=ATan()), 4),
        (LIF(v_reset=0.0, surrogate=ATan()), 4),
    ],
)
def test_bytes_the_kernels_keep_for_the_backward_pass(device, neuron, bytes_each):
    x = torch.randn(T, N, F, device=device, requires_grad=True)
    assert bytes_kept(neuron, x) == bytes_each * x.numel()


@pytest.mark.gpu
@pytest.mark.parametrize("wanted", ["spikes", "membrane", "shown"])
def test_a_gradient_of_one_output_alone(device, monkeypatch, wanted):
    gradients = []
    for switch in "10":
        monkeypatch.setenv(triton_scan.SWITCH, switch)
        x = torch.randn(T, N, F, generator=torch.Generator().manual_seed(0)).to(device)
        x.requires_grad_()
        v = torch.zeros(N, F, device=device, requires_grad=True)
        with recording(neuron := LIF()) as membranes:
            spikes, state = neuron.scan(x, LIFState(v))
        output = {"spikes": spikes, "membrane": state.v, "shown": membranes[""]}[wanted]
        gradients.append(torch.autograd.grad(output.square().sum(), [x, v]))
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-6)
