"""MS-ResNet-8: its sizes, and that nothing is computed T times that is the same T times."""

import pytest
import torch
from torch import nn

from tssd.models import msresnet8
from tssd.testing import check_network
from tssd.time import repeat_in_time


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_parameters_and_shapes():
    convolutions = 9 * (3 * 64 + 2 * 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 256 * 256)
    norms = 2 * (3 * 64 + 2 * 128 + 2 * 256)
    with torch.device("meta"):
        net = msresnet8()
        assert count(net) == convolutions + norms + 256 * 10 + 10
        assert net.shapes == ((64, 16, 16), (64, 16, 16), (128, 8, 8), (256, 4, 4))
        assert count(msresnet8(width=0.5)) < count(net) / 3


@pytest.mark.parametrize("size", [13, 8, 1])
def test_shapes_are_those_of_the_taps_at_any_size(size):
    net = msresnet8(image_size=size, width=1 / 16)
    out = net(torch.rand(2, 3, 3, size, size), taps=range(4))
    assert {tap: tuple(s.shape[2:]) for tap, s in out.taps.items()} == dict(enumerate(net.shapes))


def test_it_is_a_network_that_trains_and_steps():
    check_network(lambda **options: msresnet8(image_size=12, width=1 / 16, **options), (3, 12, 12))


def repeated(net, x, y):
    """Loss, gradients and running statistics of one training step on a sequence x."""
    loss = nn.functional.cross_entropy(net(x).logits.mean(0), y)
    loss.backward()
    return [loss, *(p.grad for p in net.parameters()), *net.buffers()]


def test_what_is_computed_once_is_what_it_would_be_repeated():
    torch.manual_seed(0)
    first = msresnet8(image_size=16, width=1 / 8).double()
    other = msresnet8(image_size=16, width=1 / 8).double()
    other.load_state_dict(first.state_dict())
    images, y = torch.randn(6, 3, 16, 16, dtype=torch.double), torch.arange(6)
    seen = []
    convolution = next(m for m in first.modules() if isinstance(m, nn.Conv2d))
    convolution.register_forward_hook(lambda m, args, out: seen.append(len(args[0])))
    once = repeated(first, repeat_in_time(images, 3), y)
    thrice = repeated(other, repeat_in_time(images, 3).contiguous(), y)
    assert seen == [6]
    assert len(once) == len(thrice)
    variance = first.stages[0][1][0].running_var
    for a, b in zip(once, thrice, strict=True):
        # The unbiased correction n / (n - 1) is with N instead of T N: see TimeFold.
        tolerance = 1e-3 if a is variance else 1e-6
        torch.testing.assert_close(a, b, rtol=tolerance, atol=1e-12 if a is variance else 1e-8)
