"""The kernels as operators: layouts, memory, graphs."""

import pytest
import torch
from torch.library import opcheck

from tssd.neurons import IF, LIF
from tssd.neurons.triton_ops import lif_backward, lif_forward

T, N, C, H, W = 4, 3, 5, 2, 3

LIKE_LIF = (0.5, 1.0, 0.0, 1.0, None, False, False)


def sequence(device, layout):
    """A [T, N, C, H, W] whose steps lie in memory in some way, and the same written out."""
    x = torch.randn(T * N, C, H, W, generator=torch.Generator().manual_seed(0)).to(device)
    if layout == "channels_last":
        x = x.contiguous(memory_format=torch.channels_last)
    x = x.unflatten(0, (T, N))
    if layout == "repeated":
        x = x[0].expand_as(x)
    elif layout == "repeated channels_last":
        x = x[0].contiguous(memory_format=torch.channels_last).expand_as(x)
    elif layout == "every other step":
        x = torch.stack([x, x], 1).flatten(0, 1)[::2]
    elif layout == "samples first":
        x = x.transpose(0, 1).contiguous().transpose(0, 1)
    return x


LAYOUTS = [
    "channels_last",
    "repeated",
    "repeated channels_last",
    "every other step",
    "samples first",
]


@pytest.mark.gpu
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_gives_the_same(device, layout):
    x = sequence(device, layout)
    plain = torch.empty(x.shape, device=device).copy_(x)
    v = torch.rand(x.shape[1:], device=device)
    outputs = lif_forward(x, v, *LIKE_LIF, 1.0, True, True)
    expected = lif_forward(plain, v, *LIKE_LIF, 1.0, True, True)
    assert 0.1 < expected[0].mean() < 0.9
    order = torch.channels_last if "last" in layout else torch.contiguous_format
    for a, b in zip(outputs, expected, strict=True):
        assert torch.equal(a, b)
        assert (a[0] if a.dim() == 5 else a).is_contiguous(memory_format=order)
    for g in (torch.randn_like(plain), torch.ones((), device=device).expand_as(plain)):
        constants = *LIKE_LIF, "Rectangular", 1.0, x.dtype, v.dtype, True
        ours = lif_backward(g, None, g, outputs[2], *constants)
        for a, b in zip(ours, lif_backward(g, None, g, expected[2], *constants), strict=True):
            assert torch.equal(a, b)


@pytest.mark.gpu
@pytest.mark.parametrize("layout", ["repeated", "repeated channels_last"])
def test_a_repeated_image_is_not_written_out(device, monkeypatch, layout):
    from tssd.neurons import triton_ops

    x = sequence(device, layout)
    taken = []
    monkeypatch.setattr(torch.Tensor, "copy_", lambda *tensors: taken.append(tensors))
    assert triton_ops._in_order(x, triton_ops._order(x)) is x
    assert not taken


@pytest.mark.gpu
@pytest.mark.parametrize("shape", [(3, 0, 4), (3,), (3, 1), (1, 2, 3, 4, 5, 2)])
def test_any_shape_goes_through(device, shape):
    x = torch.full(shape, 1.5, device=device, requires_grad=True)
    spikes = LIF()(x)
    assert spikes.shape == shape and bool((spikes == 1).all())
    (g,) = torch.autograd.grad(spikes.sum(), x)
    assert g.shape == shape


@pytest.mark.gpu
def test_operators_keep_their_promises(device):
    # Nothing given is changed or returned, and what is returned is as foretold, strides included.
    checks = ("test_schema", "test_faketensor")
    for x in (sequence(device, "channels_last"), sequence(device, "samples first").bfloat16()):
        v = torch.zeros(x.shape[1:], device=device)
        for bits, h in ((True, False), (False, True)):
            given = (x, v, *LIKE_LIF, 1.0, bits, h)
            opcheck(lif_forward, given, test_utils=checks)
            kept = lif_forward(*given)[-1]
            g = torch.ones_like(x)
            constants = *LIKE_LIF, "Rectangular", 1.0, x.dtype, v.dtype, h
            opcheck(lif_backward, (g, v, None, kept, *constants), test_utils=checks)


@pytest.fixture
def cuda():
    """A GPU, for what no interpreter shows."""
    if not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    return torch.device("cuda:0")


@pytest.mark.gpu
def test_more_than_2_to_the_31_elements(cuda):
    if torch.cuda.mem_get_info(cuda)[0] < 12 * 2**30:
        pytest.skip("needs 12 GiB free on the GPU")
    x = torch.ones(2**16, dtype=torch.bfloat16, device=cuda).expand(2**15 + 2, -1)
    spikes = IF()(x)
    assert spikes.numel() > 2**31
    assert all(bool((part == 1).all()) for part in spikes.split(2**12))


@pytest.mark.gpu
def test_a_graph_replays_forward_and_backward(cuda):
    x = torch.zeros(T, N, 1000, device=cuda, requires_grad=True)
    neuron = LIF()
    new = torch.randn(x.shape, device=cuda) + 0.5

    def step():
        spikes = neuron(x)
        return spikes, *torch.autograd.grad((spikes * new).sum(), x)

    stream = torch.cuda.Stream(cuda)
    stream.wait_stream(torch.cuda.current_stream(cuda))
    with torch.cuda.stream(stream):
        step()
    torch.cuda.current_stream(cuda).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = step()
    with torch.no_grad():
        x.copy_(new)
    graph.replay()
    for a, b in zip(captured, step(), strict=True):
        assert torch.equal(a, b) and a.count_nonzero() > 0


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
def test_a_step_never_waits_for_the_gpu(cuda):
    x = torch.randn(T, N, 1000, device=cuda, requires_grad=True)
    g = torch.ones_like(x)
    LIF()(x).backward(g)  # compiles
    torch.cuda.set_sync_debug_mode("error")
    try:
        LIF()(x).backward(g)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.gpu
def test_the_device_of_the_tensors_counts_not_the_current_one(cuda):
    if torch.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    x = torch.randn(T, N, 1000)
    assert torch.equal(LIF()(x.to("cuda:1")).cpu(), LIF()(x.to(cuda)).cpu())
