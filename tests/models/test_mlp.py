import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import mlp
from tssd.norms import per_step_batch_norm
from tssd.testing import check_network


def test_parameters_and_taps():
    net = mlp(140, 20, 1, hidden=(128, 64))
    weights = 140 * 128 + 128 * 64 + 64 * 20 + 20
    assert sum(p.numel() for p in net.parameters()) == weights + 2 * (128 + 64)
    out = net(torch.rand(3, 2, 140, 1, 1), taps=(0, 1))
    assert out.logits.shape == (3, 2, 20)
    assert {tap: tuple(s.shape) for tap, s in out.taps.items()} == {0: (3, 2, 128), 1: (3, 2, 64)}
    assert net.shapes == ((128,), (64,))


@pytest.mark.parametrize("options", [{}, {"norm": per_step_batch_norm}])
def test_it_is_a_network_that_trains_and_steps(options):
    check_network(lambda **more: mlp(6, 5, 2, hidden=(16, 12), **options, **more), (6, 2, 2))


def test_it_computes_what_its_layers_say():
    torch.manual_seed(0)
    net = mlp(4, 3, 1, hidden=(6,), neuron=nn.ReLU).eval()
    x = torch.rand(2, 5, 4, 1, 1)
    linear, norm = net.stages[0][0][0][1], net.stages[0][0][1]
    assert isinstance(norm, nn.BatchNorm1d)
    hidden = (x.flatten(2) @ linear.weight.T / (1 + norm.eps) ** 0.5).relu()
    expected = hidden @ net.head[0].weight.T + net.head[0].bias
    torch.testing.assert_close(net(x).logits, expected)


def test_dropout_leaves_out_spikes_in_training_alone():
    torch.manual_seed(0)
    net = mlp(4, 3, 1, hidden=(400,), neuron=nn.ReLU, dropout=0.75)
    x = torch.ones(1, 2, 4, 1, 1) * torch.rand(2, 4, 1, 1)
    (kept,) = net(x, taps=(0,)).taps.values()
    (whole,) = net.eval()(x, taps=(0,)).taps.values()
    assert (kept > 0).float().mean() < 0.2 < (whole > 0).float().mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": ()}, r"hidden: got \[\], expected a number >= 1 for each layer"),
        ({"hidden": (8, 0)}, r"hidden: got \[8, 0\]"),
        ({"hidden": 16}, r"hidden: got 16, expected a number >= 1 for each layer: \[128\]"),
        ({"width": 0.0}, "width: got 0.0"),
        ({"dropout": 1.0}, "dropout: got 1.0, expected 0 or more and below 1"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        mlp(4, 3, 1, **options)
