"""One network, written in every way in which networks walk through time, costs the same."""

import pytest
import snntorch
import torch
from spikingjelly.activation_based import layer, neuron
from torch import nn

from tssd.adapters import adapt
from tssd.evaluation import CostCounter
from tssd.models import NetOutput
from tssd.time import PerStep, TimeFold, fold, repeat_in_time

from .nets import PencilNet, pencil_images, pencil_layers

# By pencil: of 3 pixels, channel 0 passes 3 spikes at every step and channel 1 at t = 2 and 4.
# The linear layer has 2 outputs. The convolution has 16 positions, 9 weights and 2 channels.
SPIKES = (3, 9, 12, 18)
RATES = tuple(n / (32 * t) for t, n in enumerate(SPIKES, 1))
ACS = tuple(2 * n for n in SPIKES)
MACS = 16 * 9 * 2


class Stepped(nn.Module):
    """[N, ...] -> [N, K], called once a timestep."""

    def __init__(self, node):
        super().__init__()
        self.conv, self.linear = pencil_layers()
        self.node = node

    def forward(self, x):
        spikes = self.node(self.conv(x))
        spikes = spikes[0] if isinstance(spikes, tuple) else spikes
        return self.linear(spikes.flatten(1))


class OneStepNodes(nn.Module):
    """[N, T, ...] -> [N, T, K]; all but the neuron's loop is folded N first."""

    def __init__(self):
        super().__init__()
        self.conv, self.linear = pencil_layers()
        self.node = jelly_if("s")

    def forward(self, x):
        current = fold(self.conv, x)
        spikes = torch.stack([self.node(x_t) for x_t in current.unbind(1)], dim=1)
        return fold(self.linear, spikes.flatten(2))


def jelly_if(step_mode):
    return neuron.IFNode(v_reset=None, step_mode=step_mode)


def jelly_sequence():
    conv, linear = pencil_layers()
    jelly_conv = layer.Conv2d(1, 2, 3, padding=1, bias=False, step_mode="m")
    jelly_linear = layer.Linear(32, 2, bias=False, step_mode="m")
    jelly_conv.load_state_dict(conv.state_dict())
    jelly_linear.load_state_dict(linear.state_dict())
    return nn.Sequential(jelly_conv, jelly_if("m"), layer.Flatten(step_mode="m"), jelly_linear)


EXAMPLE = torch.rand(3, 1, 4, 4)
NETS = {
    "folded": lambda: PencilNet(TimeFold),
    "step by step": lambda: PencilNet(PerStep),
    "spikingjelly, stepped": lambda: adapt(
        Stepped(jelly_if("s")), example=EXAMPLE, layout="stepped"
    ),
    "spikingjelly, time first": lambda: adapt(jelly_sequence(), example=EXAMPLE),
    "batch first": lambda: adapt(OneStepNodes(), example=EXAMPLE, layout="batch_first"),
    "snntorch, stepped": lambda: adapt(
        # Its reset acts a step later unless told otherwise.
        Stepped(snntorch.Leaky(beta=1.0, init_hidden=True, reset_delay=False)),
        example=EXAMPLE,
        layout="stepped",
    ),
}


def count(net, x, timesteps=4, batches=1):
    counter = CostCounter(net, timesteps, batch_first=getattr(net, "layout", "") == "batch_first")
    with counter.watching(), torch.inference_mode():
        for _ in range(batches):
            with counter.counting(x):
                net(x)
    return counter


@pytest.mark.parametrize("build", NETS.values(), ids=NETS.keys())
@pytest.mark.parametrize("samples", [1, 4, 5])  # 4 = T
def test_every_way_through_time_costs_what_the_pencil_says(build, samples):
    x = repeat_in_time(pencil_images(samples), 4)
    counter = count(build(), x, batches=2)
    operations, rates = counter.operations(), counter.firing_rates()
    conv, linear = operations.layers.values()
    assert (conv.kind, linear.kind) == ("mac", "ac")
    assert conv.count == operations.macs == (MACS,) * 4
    assert linear.count == operations.acs == ACS
    assert (conv.dense_macs, linear.dense_macs) == (MACS, 64)
    assert linear.density == rates.mean == RATES
    assert list(rates.layers.values()) == [RATES]
    assert operations.uncounted == rates.uncounted == ()


@pytest.mark.parametrize("build", NETS.values(), ids=NETS.keys())
def test_an_analogue_sequence_costs_its_macs_at_every_timestep(build):
    x = repeat_in_time(pencil_images(3), 4).contiguous()
    operations = count(build(), x).operations()
    assert operations.macs == (MACS, 2 * MACS, 3 * MACS, 4 * MACS)
    assert operations.acs == ACS


@pytest.mark.parametrize("build", NETS.values(), ids=NETS.keys())
def test_event_frames_cost_accumulates_from_the_first_layer_on(build):
    frames = torch.zeros(3, 2, 1, 4, 4)
    frames[0, 0, 0, :2] = 1  # 8 pixels
    frames[1, 1, 0, 0, :3] = 5  # 3 pixels of several events count once
    operations = count(build(), frames, timesteps=3).operations()
    conv, _ = operations.layers.values()
    assert conv.kind == "ac"
    assert operations.macs == (0, 0, 0)
    # Nominal fan-out of a pixel: 9 weights x 2 channels, padding counted; mean of two samples.
    assert conv.count == (8 * 18 / 2, 11 * 18 / 2, 11 * 18 / 2)


def test_a_repeated_event_frame_costs_once():
    x = repeat_in_time(torch.ones(2, 1, 4, 4), 4)
    conv, _ = count(PencilNet(), x).operations().layers.values()
    assert (conv.kind, conv.count) == ("ac", (MACS,) * 4)


@pytest.mark.parametrize("odd", [0.5, -1.0, 1e-6])
def test_a_single_odd_value_in_any_batch_makes_the_input_analogue(odd):
    x = torch.ones(2, 3, 1, 4, 4)
    net = PencilNet()
    counter = CostCounter(net, 2)
    with counter.watching():
        for value in (1.0, odd, 1.0):
            x[1, 2, 0, 3, 3] = value
            with counter.counting(x):
                net(x)
    assert counter.operations().macs == (MACS, 2 * MACS)


def test_every_layer_in_front_of_the_first_spike_is_analogue():
    class Stem(PencilNet):
        def __init__(self):
            super().__init__()
            self.conv = TimeFold(nn.Conv2d(1, 3, 1), nn.Conv2d(3, 2, 3, stride=2))

        def forward(self, x, taps=()):
            return self.neuron(self.conv(x))

    operations = count(Stem(), repeat_in_time(torch.randn(2, 1, 4, 4), 3), 3).operations()
    assert [layer.kind for layer in operations.layers.values()] == ["mac", "mac"]
    assert operations.macs == (16 * 3 + 2 * 27,) * 3


class Counts(nn.Module):
    """A neuron that we do not know, with a state: fires from its second step on."""

    def __init__(self, *, stepped):
        super().__init__()
        self.stepped, self.seen = stepped, 0

    def forward(self, x):
        if not self.stepped:
            return (x * torch.arange(len(x)).view(-1, 1, 1, 1, 1) > 0).float()
        self.seen += 1
        return ((self.seen - 1) % 4 * x > 0).float()


@pytest.mark.parametrize("stepped", [False, True])
def test_layers_behind_a_neuron_that_we_do_not_know_cost_at_every_timestep(stepped):
    if stepped:
        stepped_net = Stepped(Counts(stepped=True))
        net = lambda x: [stepped_net(x_t) for x_t in x]  # noqa: E731
        watched = stepped_net
    else:
        net = watched = PencilNet()
        watched.neuron = Counts(stepped=False)
    counter = CostCounter(watched, 4)
    x = repeat_in_time(pencil_images(3), 4)
    with counter.watching(), torch.no_grad(), counter.counting(x):
        net(x)
    conv, linear = counter.operations().layers.values()
    assert conv.count == (MACS,) * 4  # an image: once
    # 3 pixels in both channels, from the second step on, to 2 outputs each.
    assert (linear.kind, linear.count) == ("ac", (0, 12, 24, 36))


def test_groups_and_layers_of_one_dimension_have_their_nominal_macs():
    layers = [nn.Conv1d(4, 8, 3, groups=2), nn.Conv1d(8, 6, 1), nn.Linear(6, 2)]
    net = nn.Sequential(*(TimeFold(layer) for layer in layers))
    operations = count(net, torch.randn(2, 5, 4, 8), timesteps=2).operations()
    assert [layer.dense_macs for layer in operations.layers.values()] == [
        6 * 8 * 2 * 3,  # positions, outputs, inputs of a group, kernel
        6 * 6 * 8,
        6 * 2 * 6,  # a linear layer over 6 tokens
    ]


@pytest.mark.parametrize("shape", [(4, 3, 7, 6), (12, 7, 6)])
def test_a_linear_layer_may_see_tokens(shape):
    linear, x = nn.Linear(6, 2), torch.zeros(4, 3, 7, 6)
    x[1, :, :2, 0] = 1  # two spikes a sample, each with a fan-out of 2
    counter = CostCounter(linear, 4)
    with counter.watching(), counter.counting(x):
        linear(x.view(shape))
    [layer] = counter.operations().layers.values()
    assert layer.count == (0, 4, 4, 4)
    assert layer.dense_macs == 7 * 12


def test_hooks_are_gone_afterwards_even_after_an_error():
    net = PencilNet()
    with pytest.raises(RuntimeError), CostCounter(net, 2).watching():
        net(torch.zeros(2, 1, 3, 4, 4))
    assert not any(module._forward_hooks for module in net.modules())


def test_a_layer_whose_calls_fit_no_timestep_is_named():
    class Patches(PencilNet):
        def forward(self, x, taps=()):
            self.head[1](self.neuron(self.conv(x)).reshape(-1, 32)[:1])
            return super().forward(x)

    operations = count(Patches(), repeat_in_time(torch.rand(3, 1, 4, 4), 4)).operations()
    assert operations.uncounted == ("head.1",)
    assert list(operations.layers) == ["conv.0"]
    assert operations.acs == (0, 0, 0, 0)


def test_a_layer_called_by_keyword_costs_the_same():
    class Named(PencilNet):
        def forward(self, x, taps=()):
            spikes = self.neuron(fold(lambda x: self.conv[0](input=x), x))
            return NetOutput(fold(lambda x: self.head[1](input=x), spikes.flatten(2)))

    def operations(net):
        counter = CostCounter(net, 4)
        x = repeat_in_time(pencil_images(3), 4)
        with counter.watching(), counter.counting(x), torch.no_grad():
            net(x)
        return counter.operations()

    assert operations(Named()) == operations(PencilNet())


def test_tokens_folded_with_their_samples_are_uncounted():
    net = nn.Sequential(nn.Flatten(0, 2), nn.Linear(4, 2))
    counter = CostCounter(net, 2)
    x = repeat_in_time(torch.ones(3, 5, 4), 2)
    with counter.watching(), counter.counting(x), torch.no_grad():
        net(x)
    assert counter.operations().uncounted == ("1",)


def test_as_many_samples_and_tokens_as_timesteps_cost_the_same():
    class Tokens(nn.Module):
        """[N, L, 6] -> [N, 2], called once a timestep."""

        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 2)
            self.node = snntorch.Leaky(beta=0.5, init_hidden=True)

        def forward(self, x):
            return self.last(self.node(self.first(x))).mean(1)

    torch.manual_seed(0)
    x = 3 * torch.rand(12, 4, 6)
    net = adapt(Tokens(), example=x, layout="stepped", sample_dims=2).eval()

    def operations(batch):
        counter = CostCounter(net, 4)
        with counter.watching(), torch.no_grad():
            for part in x.split(batch):
                with counter.counting(repeat_in_time(part, 4)):
                    net(repeat_in_time(part, 4))
        return counter.operations()

    found = operations(4)
    assert found.macs == (4 * 6 * 8,) * 4 and found.acs[-1] > 0
    assert found == operations(6)
