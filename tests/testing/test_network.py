"""Our networks pass; whatever a network may get wrong is told, each by a network that does."""

import re
from collections import OrderedDict
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

import tssd
from tssd.models import NetOutput, StagedNet, resnet18, vgg9
from tssd.models.blocks import conv_norm_neuron, global_pool_head
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.testing import check_network
from tssd.time import TimeFold

K, SHAPE = 5, (2, 6, 6)


class Tiny(StagedNet):
    """A correct network of two stages, for others to spoil."""

    def __init__(self, neuron=LIF, width=4):
        layers = [
            conv_norm_neuron(2, width, neuron, pooled_batch_norm),
            conv_norm_neuron(width, 6, neuron, pooled_batch_norm, 2),
        ]
        head = global_pool_head((6, 3, 3), K)
        super().__init__(layers, head, shapes=[(4, 6, 6), (6, 3, 3)], num_classes=K)


def silent():
    class Silent(Tiny):
        def forward(self, x, taps=()):
            return super().forward(0 * x, taps)

    return Silent()


def other_classes():
    net = Tiny()
    net.num_classes = 7
    return net


def other_tap_shape():
    return Tiny(width=3)  # declares 4 channels


def taps_disturb():
    class Net(Tiny):
        def forward(self, x, taps=()):
            out = super().forward(x, taps)
            return NetOutput(out.logits + 0.1 * len(out.taps), out.taps)

    return Net()


def keeps_all_taps():
    class Net(Tiny):
        def forward(self, x, taps=()):
            return super().forward(x, (0, 1))

    return Net()


def negative_taps_are_taken_as_they_are():
    class Net(Tiny):
        def resolve_tap(self, tap):
            return 0 if tap is None or tap < 0 else super().resolve_tap(tap)

    return Net()


def any_tap_will_do():
    class Net(Tiny):
        def resolve_tap(self, tap):
            return super().resolve_tap(tap) if isinstance(tap, int) else 0

    return Net()


def unused():
    net = Tiny()
    net.forgotten = nn.Linear(3, 3)
    return net


def cut_off():
    class Zero(LIF):
        def forward(self, x):
            return super().forward(x) + 0 * x  # a gradient of its own

        def scan(self, x, state=None):
            spikes, state = super().scan(x.detach(), state)
            return spikes + 0 * x, state

    return Tiny(Zero)


def looks_ahead():
    class Ahead(LIF):
        def forward(self, x):
            return super().forward(x - x.mean(0))

    return Tiny(Ahead)


def counts_calls():
    class Counts(LIF):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return super().forward(x + 0.1 * self.calls)

    return Tiny(Counts)


def mixes_samples():
    class Mixed(LIF):
        def forward(self, x):
            return super().forward(x - x.mean(1, keepdim=True))

    return Tiny(Mixed)


def updates_statistics():
    class Counts(nn.BatchNorm2d):
        def forward(self, x):
            self.num_batches_tracked += 1
            return super().forward(x)

    net = Tiny()
    net.stages[0][1] = TimeFold(Counts(4))
    return net


def steps_differ():
    class Forgets(LIF):
        def scan(self, x, state=None):
            return super().scan(x, None)

    return Tiny(Forgets)


def state_of_lists():
    class Lists(LIF):
        def initial_state(self, x_t):
            return [super().initial_state(x_t)]

        def scan(self, x, state=None):
            state = super().initial_state(x[0]) if state is None else state[0]
            spikes, state = super().scan(x, state)
            return spikes, [state]

    return Tiny(Lists)


def builds_exits_itself():
    class Net(Tiny):
        def tap_shape(self, tap):
            self.exit = nn.Linear(2, 2)
            return super().tap_shape(tap)

    return Net()


def not_copied():
    net = Tiny()
    net.generator = (i for i in range(3))
    return net


def not_only_parameters():
    class Scaled(Tiny):
        def __init__(self):
            super().__init__()
            self.scale = torch.ones(())  # no buffer

        def _flow(self, run, x, taps=()):
            return super()._flow(run, x * self.scale, taps)

        def train(self, mode=True):
            self.scale = self.scale * 1.5
            return super().train(mode)

    return Scaled()


def single_precision_only():
    class Net(Tiny):
        def forward(self, x, taps=()):
            out = super().forward(x, taps)
            return NetOutput(out.logits / (out.logits.dtype != torch.bfloat16), out.taps)

    return Net()


def writes_into_its_input():
    class Net(Tiny):
        def forward(self, x, taps=()):
            return super().forward(x.mul_(0.5), taps)

    return Net()


def made_for_one_time():
    class Net(Tiny):
        def forward(self, x, taps=()):
            return super().forward(x * torch.ones(4, 1, 1, 1, 1), taps)

    return Net()


def takes_the_mean():
    class Net(Tiny):
        def forward(self, x, taps=()):
            out = super().forward(x, taps)
            return NetOutput(out.logits.mean(0), out.taps)

    return Net()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (silent, "its logits are the same for every sample"),
        (other_classes, r"got logits of shape [4, 3, 5], expected [T, N, num_classes] = [4, 3, 7]"),
        (other_tap_shape, "tap 0 has shape [4, 3, 3, 6, 6], expected"),
        (taps_disturb, "tapped and not tapped: they differ"),
        (keeps_all_taps, "though none was asked for"),
        (negative_taps_are_taken_as_they_are, "resolve_tap(-1): got 0, expected 1"),
        (any_tap_will_do, "resolve_tap('no such tap'): got 0, expected a UsageError"),
        (unused, "forgotten.weight gets no gradient"),
        (cut_off, "is zero everywhere"),
        (looks_ahead, "depend on the input after them"),
        (counts_calls, "two calls on the same input"),
        (mixes_samples, "samples alone and in a batch"),
        (updates_statistics, "a call in eval mode changed"),
        (steps_differ, "then the rest from the state so far"),
        (state_of_lists, "its state holds ['list'"),
        (builds_exits_itself, "a training step changed what its state_dict holds: ['exit.bias'"),
        (not_copied, "copy.deepcopy fails: cannot pickle 'generator'"),
        (not_only_parameters, "a new one with the network's state_dict"),
        (single_precision_only, "not finite under autocast"),
        (writes_into_its_input, "it writes into its input"),
        (made_for_one_time, "x [1, 3, 2, 6, 6], eval mode: got logits of shape [4, 3, 5]"),
        (takes_the_mean, "got logits of shape [3, 5], expected [T, N, num_classes]"),
        (lambda: nn.Linear(3, 3), "a Linear lacks num_classes, resolve_tap or tap_shape; tssd.ada"),
    ],
)
def test_what_is_wrong_is_told(broken, message):
    with pytest.raises(AssertionError, match=re.escape(message)) as error:
        check_network(broken, SHAPE)
    assert "\n" not in str(error.value)


def test_a_correct_network_passes_built_or_given_and_stays_as_it_was():
    check_network(Tiny, SHAPE)
    net = Tiny()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    random = torch.get_rng_state()
    check_network(net, SHAPE, timesteps=2, drive=2.0)
    assert net.training
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("neuron", [LIF, partial(LIF, v_reset=0.0), nn.ReLU])
def test_our_networks_pass(neuron):
    check_network(partial(vgg9, width=1 / 16, image_size=16, num_classes=7, neuron=neuron))
    small = partial(resnet18, width=1 / 16, num_classes=7, neuron=neuron)
    check_network(partial(small, image_size=8), (3, 8, 8))


def adapted(*names):
    parts = TimeFold(nn.Conv2d(2, 4, 3)), LIF(), TimeFold(nn.Flatten(), nn.Linear(64, 5))
    module = nn.Sequential(OrderedDict(zip(names, parts, strict=True)))
    return tssd.adapt(module, taps=names[:2], example=torch.randn(3, *SHAPE))


def test_an_adapted_network_passes_without_steps_and_all_its_taps_are_checked():
    check_network(adapted("0", "1", "2"), SHAPE)  # of which resolve_tap(0) is "0"
    net = adapted("conv", "neuron", "head")
    check_network(net, SHAPE)
    net.places["neuron"] = replace(net.places["neuron"], shape=(5, 4, 4))
    with pytest.raises(AssertionError, match=r"tap 'neuron' has shape .* = \[5, 4, 4\]"):
        check_network(net, SHAPE)


def test_a_sample_shape_is_asked_for():
    with pytest.raises(AssertionError, match=r"Tiny: shape: got None, .* such as \(3, 32, 32\)"):
        check_network(Tiny)
    with pytest.raises(AssertionError, match="timesteps: got 1, expected at least 2"):
        check_network(Tiny, SHAPE, timesteps=1)
