"""Networks that take [N, T, ...] and turn the axes inside cost what the same cost time first."""

import pytest
import torch
from spikingjelly.activation_based import neuron
from torch import nn

import tssd
from tssd.adapters import adapt
from tssd.evaluation import evaluate
from tssd.evaluation.fold_orders import fold_orders
from tssd.evaluation.traces import trace

T = 4


def images(samples):
    return sequence(1, samples)[0]


def sequence(steps, samples):
    return torch.rand(steps, samples, 1, 8, 8, generator=torch.Generator().manual_seed(0))


class Turning(nn.Module):
    """[N, T, 1, 8, 8] -> [N, T, K], with neurons that take [T, N, ...] inside.

    `early` sees [N*T, ...], and `conv` [T*N, ...].
    """

    def __init__(self, spiking, mixed=None):
        super().__init__()
        self.early, self.conv = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 6, 3, padding=1)
        self.mixed = nn.Identity() if mixed is None else mixed
        self.spiking, self.head = spiking, nn.Linear(6 * 64, 5)

    def forward(self, x):
        y = self.mixed(self.early(x.flatten(0, 1))).unflatten(0, x.shape[:2]).transpose(0, 1)
        y = self.spiking(self.conv(y.flatten(0, 1)).unflatten(0, y.shape[:2]))
        return self.head(y.flatten(2)).transpose(0, 1)


class TimeFirst(nn.Module):
    """[T, N, 1, 8, 8] -> [T, N, K], the same."""

    def __init__(self, turning):
        super().__init__()
        self.net = turning

    def forward(self, x):
        net = self.net
        y = net.conv(net.early(x.flatten(0, 1))).unflatten(0, x.shape[:2])
        return net.head(net.spiking(y).flatten(2))


class BatchFirst(nn.Module):
    """[N, T, 1, 8, 8] -> [N, T, K], with neurons that we don't know, if any."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 6, 3, padding=1), nn.Linear(6 * 64, 5)

    def forward(self, x):
        y = self.conv(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        return self.head(y.cumsum(1).flatten(2))


def jelly():
    return neuron.LIFNode(decay_input=False, v_threshold=0.3, step_mode="m")


def ours():
    return tssd.LIF(v_threshold=0.3)


@pytest.mark.parametrize("spiking", [ours, jelly])
@pytest.mark.parametrize("frames", [False, True])
def test_energy_rates_and_maps_are_those_of_the_same_network_time_first(spiking, frames):
    torch.manual_seed(0)
    module = Turning(spiking())
    net = adapt(module, example=images(4), layout="batch_first").eval()
    straight = adapt(TimeFirst(module), example=images(4)).eval()
    x, y = sequence(T, 12) if frames else images(12), torch.arange(12) % 5
    for size in (2, T, 12):
        batches = list(zip(x.split(size, 1 if frames else 0), y.split(size), strict=True))
        found, expected = evaluate(net, batches, T), evaluate(straight, batches, T)
        assert found.uncounted == ()
        layers = expected.operations.layers.values()
        assert [*found.operations.layers.values()] == [*layers]
        assert found.operations.energy_uj == expected.operations.energy_uj
        assert found.mean_firing_rate == expected.mean_firing_rate
        # By hand: 64 pixels, of one weight and of nine for each of six channels.
        assert found.operations.macs == tuple(64 * 55 * (t if frames else 1) for t in (1, 2, 3, 4))
    shown = x if frames else tssd.repeat_in_time(x, T)
    [maps], [others] = trace(net, shown).maps.values(), trace(straight, shown).maps.values()
    assert (maps == others).all() and 0 < maps.mean() < 1


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_order_is_found_layer_by_layer(steps):
    orders = fold_orders(
        adapt(Turning(jelly()), example=images(4), layout="batch_first").eval(), sequence(steps, 3)
    )
    # Of a single timestep there is no order.
    early = steps > 1
    assert orders == {"module.early": early, "module.conv": False, "module.head": False}


def test_a_network_without_such_neurons_keeps_its_samples_first():
    net = adapt(BatchFirst(), example=images(4), layout="batch_first").eval()
    assert fold_orders(net, sequence(3, 3)) == {"module.conv": True, "module.head": True}
    assert fold_orders(net, torch.zeros(3, 3, 1, 8, 8)) == fold_orders(net, sequence(3, 3))
    assert fold_orders(adapt(nn.Flatten(2), example=images(4)), sequence(3, 3)) == {}


def test_a_layer_of_unknown_order_is_uncounted():
    class Noise(nn.Module):
        def forward(self, x):
            return x + torch.randn_like(x)

    net = adapt(Turning(jelly(), mixed=Noise()), example=images(4), layout="batch_first").eval()
    before = torch.random.get_rng_state()
    found = evaluate(net, [(images(3), torch.arange(3))], T)
    assert "module.conv" in found.uncounted
    assert "module.early" in found.operations.layers
    torch.random.set_rng_state(before)
    assert evaluate(net, [(images(3), torch.arange(3))], T) == found
