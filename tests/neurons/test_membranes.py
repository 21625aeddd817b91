"""Recorded membranes: exact, differentiable, and gone when the block ends."""

import copy
import threading

import pytest
import torch
from benchmarks.stepped import SteppedLIF
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import IF, LIF, Neuron, recording
from tssd.neurons.membranes import is_recorded, show
from tssd.surrogates import ATan
from tssd.time import TimeFold

T, N, F = 4, 3, 5

NEURONS = {
    "soft": LIF(),
    "hard": LIF(v_reset=0.0),
    "hard detached": LIF(3.0, v_reset=-0.25, decay_input=True, detach_reset=True),
    "atan": LIF(detach_reset=True, surrogate=ATan()),
    "IF": IF(),
}
neurons = pytest.mark.parametrize("neuron", NEURONS.values(), ids=list(NEURONS))


def inputs(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(T, N, F, generator=generator, dtype=torch.double) * 1.5 + 0.6


def two_layers():
    torch.manual_seed(0)
    layers = [TimeFold(nn.Linear(F, 4)), LIF(), TimeFold(nn.Linear(4, 4)), IF(), nn.ReLU()]
    return nn.Sequential(*layers).double()


def test_membranes_before_the_reset_by_pencil():
    with recording(neuron := LIF()) as membranes:
        spikes = neuron(torch.tensor([0.75, 0.75, 0.5, 1.5, 0.0]).view(-1, 1))
    assert spikes.flatten().tolist() == [0, 1, 0, 1, 0]
    assert membranes[""].flatten().tolist() == [0.75, 1.125, 0.5625, 1.78125, 0.390625]


@neurons
@pytest.mark.parametrize("wants_gradient", [False, True])
def test_recording_changes_nothing(neuron, wants_gradient):
    x = inputs().requires_grad_(wants_gradient)
    expected, state = neuron.scan(x)
    with recording(neuron) as membranes:
        spikes, recorded_state = neuron.scan(x)
    assert torch.equal(spikes, expected)
    assert torch.equal(recorded_state.v, state.v)
    assert torch.equal((membranes[""] >= 1).double(), spikes.detach())
    assert membranes[""].requires_grad == wants_gradient


@neurons
@pytest.mark.parametrize("spikes_too", [False, True])
def test_gradients_through_membranes_are_those_of_plain_autograd(neuron, spikes_too):
    results = []
    for each in (neuron, SteppedLIF(neuron)):
        x = inputs().requires_grad_()
        with recording(each) as membranes:
            spikes, state = each.scan(x)
        loss = (membranes[""] ** 2).sum() + state.v.sum() * spikes_too
        loss = loss + (spikes * inputs(1)).sum() * spikes_too
        results.append((membranes[""].detach(), *torch.autograd.grad(loss, x)))
    torch.testing.assert_close(*results)


@neurons
def test_a_shown_membrane_is_not_kept_for_the_backward_pass(neuron):
    kept = []
    x = inputs().requires_grad_()
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.nbytes), lambda t: t)
    with hooks:
        neuron(x)
        unrecorded = sum(kept)
        with recording(neuron):
            neuron(x)
    assert sum(kept) == 2 * unrecorded


def test_names_are_those_of_the_modules_that_show():
    net = two_layers()
    with recording(net) as membranes:
        net(inputs())
        assert not membranes  # filled when the block ends
    assert {name: tuple(h.shape) for name, h in membranes.items()} == {
        "1": (T, N, 4),
        "3": (T, N, 4),
    }


def test_a_part_that_is_no_neuron_of_ours_may_show_too():
    class Foreign(nn.Module):
        def forward(self, x):
            show(self, 2 * x)
            return x

    with recording(nn.Sequential(Foreign())) as membranes:
        Foreign()(inputs())  # not in the network
    assert not membranes
    with recording(net := nn.Sequential(Foreign())) as membranes:
        net(inputs())
    assert torch.equal(membranes["0"], 2 * inputs())


@neurons
def test_streaming_shows_the_whole(neuron):
    x = inputs()
    with recording(neuron) as whole:
        neuron(x)
    with recording(neuron) as stepwise:
        state = neuron.initial_state(x[0])
        for x_t in x:
            _, state = neuron.step(x_t, state)
    assert torch.equal(whole[""], stepwise[""])


def test_two_networks_and_nested_recordings_do_not_mix():
    one, other = two_layers(), two_layers()
    with recording(one) as ones, recording(other[:2]) as others, recording(one[3]) as nested:
        one(inputs())
        other(inputs(1))
    assert list(ones) == ["1", "3"] and list(others) == ["1"] and list(nested) == [""]
    assert torch.equal(ones["3"], nested[""])
    with recording(other) as again:
        other(inputs(1))
    assert torch.equal(others["1"], again["1"])


def test_nothing_stays_in_the_network():
    net = two_layers()
    before = {name: set(vars(module)) for name, module in net.named_modules()}
    with recording(net):
        net(inputs())
    assert before == {name: set(vars(module)) for name, module in net.named_modules()}
    copy.deepcopy(net)  # which a tensor with a history would refuse
    assert not is_recorded(net[1])


def test_an_exception_ends_the_recording():
    net = two_layers()
    with pytest.raises(KeyError), recording(net) as membranes:
        net(inputs())
        raise KeyError
    assert not membranes and not is_recorded(net[1])


def test_another_thread_is_not_recorded():
    net, seen = two_layers(), []

    def run():
        seen.append(is_recorded(net[1]))
        net(inputs())

    with recording(net) as membranes:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert seen == [False] and not membranes


def test_layers_that_share_a_neuron_are_told_if_their_samples_differ():
    neuron = LIF()
    message = r"^membranes: 0 was called on .*\[3, 5\] and of \[3, 2\]"
    with pytest.raises(UsageError, match=message), recording(nn.Sequential(neuron)):
        neuron(torch.zeros(T, 3, 5))
        neuron(torch.zeros(T, 3, 2))


def test_a_neuron_with_a_step_shows_its_membrane_in_every_step():
    class Adder(Neuron):
        def initial_state(self, x_t):
            return torch.zeros_like(x_t)

        def step(self, x_t, state):
            self.show_membrane(state + x_t)
            return state + x_t, state + x_t

    with recording(neuron := Adder()) as membranes:
        neuron(inputs())
    torch.testing.assert_close(membranes[""], inputs().cumsum(0))


def test_a_compiled_network_shows_none_and_stays_one_graph():
    torch.compiler.reset()
    net = two_layers()
    run = torch.compile(net, fullgraph=True, backend="aot_eager")
    with recording(net) as membranes:
        y = run(inputs())
    assert not membranes
    torch.testing.assert_close(y, net(inputs()))
