"""What every staged network must keep, checked on both builders."""

import copy
import itertools
import pickle
from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, SpikingNet, StagedNet, resnet18, vgg9
from tssd.models.blocks import SpikeAddBlock
from tssd.neurons import IF, LIF, Neuron
from tssd.norms import per_step_batch_norm
from tssd.time import PerStep, TimeFold, repeat_in_time

T, N, SIZE, K = 4, 3, 16, 7
builders = pytest.mark.parametrize("build", [vgg9, resnet18])


def images(size=SIZE, dtype=torch.float):
    return torch.randn(T, N, 3, size, size, generator=torch.Generator().manual_seed(0)).to(dtype)


def trained_net(build, **options):
    """A tiny double-precision net in eval mode whose batch norms know their statistics.

    Freshly built ones would scale nothing, and hardly a neuron would fire.
    """
    torch.manual_seed(0)
    net = build(num_classes=K, image_size=SIZE, width=1 / 16, **options).double()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # running statistics = those of the one batch seen
            nn.init.uniform_(module.weight, 1, 2)
    net(images(dtype=torch.double))
    return net.eval()


def step(module, x_t, states):
    """One timestep of any module [T, N, ...] of ours; `states` carries the neurons' states."""
    if isinstance(module, Neuron):
        state = states[module] if module in states else module.initial_state(x_t)
        spikes, states[module] = module.step(x_t, state)
        return spikes
    if isinstance(module, SpikeAddBlock):
        return step(module.branch, x_t, states) + step(module.shortcut, x_t, states)
    for child in module.children():  # of a TimeFold: plain layers that know no time
        x_t = child(x_t) if isinstance(module, TimeFold) else step(child, x_t, states)
    return x_t


@builders
@pytest.mark.parametrize("neuron", [LIF, IF, lambda: LIF(v_reset=0.0)])
def test_forward_in_eval_is_the_loop_over_steps(build, neuron):
    net, x, states = trained_net(build, neuron=neuron), images(dtype=torch.double), {}
    out = net(x, taps=range(len(net.stages)))
    for t in range(T):
        x_t = x[t]
        for index, stage in enumerate(net.stages):
            x_t = step(stage, x_t, states)
            torch.testing.assert_close(out.taps[index][t], x_t)
            assert 0 < x_t.mean() < 1.5
        torch.testing.assert_close(out.logits[t], step(net.head, x_t, states))
    assert not torch.allclose(out.logits[0], out.logits[-1])


@builders
def test_the_first_steps_of_a_longer_run_are_a_shorter_run_in_eval(build):
    net, x = trained_net(build), images(dtype=torch.double)
    torch.testing.assert_close(net(x[:2]).logits, net(x).logits[:2])


@builders
def test_samples_do_not_see_each_other_in_eval(build):
    net, x = trained_net(build), images(dtype=torch.double)
    torch.testing.assert_close(net(x[:, 1:2]).logits, net(x).logits[:, 1:2])


@builders
def test_an_image_repeated_as_a_view_equals_the_written_out_sequence(build):
    net, x = trained_net(build), repeat_in_time(images(dtype=torch.double)[0], T)
    torch.testing.assert_close(net(x).logits, net(x.contiguous()).logits)


@builders
def test_two_calls_are_bit_equal(build):
    net, x = trained_net(build), images(dtype=torch.double)
    assert torch.equal(net(x).logits, net(x).logits)


@builders
@pytest.mark.parametrize("norm", [None, per_step_batch_norm])
def test_every_parameter_gets_a_gradient(build, norm):
    torch.manual_seed(0)
    options = {} if norm is None else {"norm": norm}
    net = build(num_classes=K, image_size=SIZE, width=1 / 8, **options)
    net(images()).logits.square().sum().backward()
    without = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert not without


@builders
@pytest.mark.parametrize("size", [16, 28, 32, 33])
def test_taps_have_the_declared_shapes(build, size):
    net = build(num_classes=K, image_size=size, width=1 / 16)
    stages = range(len(net.stages))
    out = net(images(size), taps=stages)
    assert out.logits.shape == (T, N, K)
    for stage in stages:
        assert out.taps[stage].shape == (T, N, *net.tap_shape(stage))


@builders
def test_the_declared_shapes_follow_width_and_channels(build):
    net = build(in_channels=2, num_classes=K, image_size=SIZE, width=1 / 4)
    x = torch.randn(T, N, 2, SIZE, SIZE)
    assert net(x, taps=[-1]).taps[len(net.stages) - 1].shape[2:] == net.tap_shape(-1)
    assert net.tap_shape(0)[0] == {vgg9: 32, resnet18: 16}[build]


@builders
def test_negative_taps_count_from_the_last_stage(build):
    net = build(image_size=SIZE, width=1 / 16)
    last = len(net.stages) - 1
    assert net.resolve_tap(-1) == last
    assert net.resolve_tap(-last - 1) == 0
    assert net.tap_shape(-2) == net.tap_shape(last - 1)
    assert set(net(images(), taps=[-1, 0, last]).taps) == {0, last}


@pytest.mark.parametrize(("build", "convolutions"), [(vgg9, 4), (resnet18, 9)])
def test_the_middle_has_half_of_the_layers_before_it(build, convolutions):
    # Of 8 and 17 convolutions 3x3 on the way; projecting shortcuts are beside it.
    net = build(width=1 / 16)
    before = net.stages[: net.resolve_tap(None) + 1].modules()
    kernels = [m.kernel_size for m in before if isinstance(m, nn.Conv2d)]
    assert kernels.count((3, 3)) == convolutions


@builders
def test_tapping_keeps_only_what_was_asked_for_and_leaves_the_logits(build):
    net, x = trained_net(build), images(dtype=torch.double)
    untapped, tapped = net(x), net(x, taps=[1, 2])
    assert untapped.taps == {}
    assert set(tapped.taps) == {1, 2}
    assert torch.equal(untapped.logits, tapped.logits)


@builders
@pytest.mark.parametrize("tap", [9, -9, "stages.1", 1.0])
def test_an_unknown_tap_is_answered_with_those_there_are(build, tap):
    net = build(image_size=SIZE, width=1 / 16)
    last = len(net.stages) - 1
    for ask in (net.resolve_tap, net.tap_shape, lambda tap: net(images(), taps=[tap])):
        with pytest.raises(UsageError, match=rf"tap: got {tap!r}, .* from 0 to {last} \(or -1"):
            ask(tap)


@builders
def test_images_without_time_are_refused_with_the_remedy(build):
    with pytest.raises(UsageError, match=r"\[3, 3, 16, 16\], expected \[T, N, .* repeat_in_time"):
        build(image_size=SIZE, width=1 / 16)(images()[0])


@builders
@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_a_width_must_be_positive(build, width):
    with pytest.raises(UsageError, match=f"^width: got {width}"):
        build(width=width)


@builders
def test_every_layer_has_at_least_one_channel(build):
    net = build(image_size=SIZE, width=1e-9)
    assert {net.tap_shape(i)[0] for i in range(len(net.stages))} == {1}


@builders
def test_weights_survive_saving_and_neurons_add_none(build):
    net, other = trained_net(build), build(num_classes=K, image_size=SIZE, width=1 / 16).double()
    other.load_state_dict(net.state_dict())
    x = images(dtype=torch.double)
    assert torch.equal(other.eval()(x).logits, net(x).logits)
    neurons = [m for m in net.modules() if isinstance(m, Neuron)]
    assert neurons
    assert not any(itertools.chain.from_iterable(m.state_dict() for m in neurons))


@builders
def test_each_layer_builds_its_own_neuron(build):
    built = []

    def neuron():
        built.append(LIF(3.0))
        return built[-1]

    net = build(image_size=SIZE, width=1 / 16, neuron=neuron)
    assert [m for m in net.modules() if isinstance(m, Neuron)] == built
    assert len(built) == {vgg9: 8, resnet18: 1 + 8 * 2 + 3}[build]


def test_a_staged_net_is_a_spiking_net():
    stage = nn.Sequential(TimeFold(nn.Conv2d(1, 2, 1)), LIF())
    net = StagedNet([stage], TimeFold(nn.Flatten()), shapes=[(2, 3, 3)], num_classes=18)
    assert isinstance(net, SpikingNet)
    out = net(torch.ones(T, N, 1, 3, 3), taps=[0])
    assert isinstance(out, NetOutput)
    assert torch.equal(out.logits, out.taps[0].flatten(2))
    assert out.exits == {}


@builders
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_knows_what_its_layers_were_made_with(build, copied):
    neuron, norm = partial(LIF, 3.0), partial(per_step_batch_norm)
    net = trained_net(build, neuron=neuron, norm=norm)
    other, x = copied(net), images(dtype=torch.double)
    assert torch.equal(other(x).logits, net(x).logits)
    assert other.make_neuron().dynamics == LIF(3.0).dynamics
    assert isinstance(other.make_norm(4), PerStep)
    assert other.stages[0] is not net.stages[0]


def test_a_lambda_is_copied_and_a_pickle_says_that_it_is_lost():
    net = vgg9(image_size=SIZE, width=1 / 16, neuron=lambda: LIF(3.0))
    assert copy.deepcopy(net).make_neuron().dynamics.decay == 1 - 1 / 3
    other = pickle.loads(pickle.dumps(net))
    assert torch.equal(other(images()).logits, net(images()).logits)
    with pytest.raises(UsageError, match=r"^net\.make_neuron: was a lambda .* set net"):
        other.make_neuron()
    assert net.make_neuron().dynamics.decay == 1 - 1 / 3


def test_a_network_that_says_nothing_was_made_with_nothing_known():
    net = StagedNet([nn.ReLU()], TimeFold(nn.Flatten()), shapes=[(2, 3, 3)], num_classes=18)
    assert net.make_neuron is None and net.make_norm is None
    assert pickle.loads(pickle.dumps(net)).make_neuron is None
