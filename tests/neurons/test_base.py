from typing import NamedTuple

import pytest
import torch

from tssd.errors import UsageError
from tssd.neurons import (
    DSRIF,
    DSRLIF,
    GLIF,
    LIF,
    MLF,
    MPBNLIF,
    PLIF,
    QCFS,
    Neuron,
    RealSpike,
    SmoothedLIF,
    membrane_like,
    per_channel,
)
from tssd.surrogates import ASGL

T, N = 4, 3


class Count(NamedTuple):
    steps: torch.Tensor


class Counter(Neuron):
    """Adds the number of the step; written as a step, as most neurons would be."""

    def initial_state(self, x_t):
        return Count(torch.zeros_like(x_t))

    def step(self, x_t, state):
        steps = state.steps + 1
        return x_t + steps, Count(steps)


class FastCounter(Neuron):
    """The same, written as a scan."""

    def initial_state(self, x_t):
        return Count(torch.zeros_like(x_t))

    def scan(self, x, state=None):
        state = self.initial_state(x[0]) if state is None else state
        steps = state.steps + torch.arange(1.0, len(x) + 1).view(-1, 1)
        return x + steps, Count(steps[-1])


@pytest.mark.parametrize("kind", [Counter, FastCounter])
def test_a_neuron_needs_only_its_step_or_only_its_scan(kind):
    neuron, x = kind(), torch.zeros(T, N)
    expected = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(T, 1).expand(T, N)
    assert torch.equal(neuron(x), expected)

    state, steps = neuron.initial_state(x[0]), []
    for x_t in x:
        y_t, state = neuron.step(x_t, state)
        steps.append(y_t)
    assert torch.equal(torch.stack(steps), expected)
    assert torch.equal(state.steps, torch.full((N,), float(T)))


@pytest.mark.parametrize("kind", [Counter, FastCounter])
def test_a_scan_continues_from_the_state_it_is_given(kind):
    neuron, x = kind(), torch.zeros(T, N)
    first, state = neuron.scan(x[:3])
    rest, _ = neuron.scan(x[3:], state)
    assert torch.equal(torch.cat([first, rest]), neuron(x))


@pytest.mark.parametrize("kind", [Counter, FastCounter])
def test_every_call_starts_clean_whatever_its_batch(kind):
    neuron = kind()
    for batch in (N, N, 7):
        assert torch.equal(neuron(torch.zeros(T, batch))[0], torch.ones(batch))


def test_a_neuron_holds_no_buffers():
    neuron = Counter()
    neuron(torch.zeros(T, N))
    assert not neuron.state_dict()


def test_a_neuron_without_an_initial_state_is_refused():
    with pytest.raises(NotImplementedError):
        Neuron()(torch.zeros(T, N))


def test_a_neuron_that_does_not_care_for_its_channels_is_itself():
    neuron = LIF()
    assert neuron.connect(7) is neuron
    assert not list(neuron.parameters())


@pytest.mark.parametrize("x", [torch.zeros(0, 2), torch.tensor(1.0), torch.ones(2, 3) > 0])
def test_a_neuron_with_a_step_refuses_what_is_no_sequence(x):
    with pytest.raises(UsageError, match=r"^input: got .*, expected real numbers \[T, N"):
        Counter()(x)


@pytest.mark.parametrize(
    ("given", "membrane"),
    [("float64", "float64"), ("float32", "float32"), ("bfloat16", "float32"), ("int64", "float32")],
)
def test_a_membrane_is_like_the_input_and_float32_at_least(given, membrane):
    v = membrane_like(torch.ones(2, 3, dtype=getattr(torch, given)), -0.5)
    assert v.dtype == getattr(torch, membrane)
    assert torch.equal(v, torch.full((2, 3), -0.5, dtype=v.dtype))


def test_a_parameter_spreads_over_the_channels_of_features_signals_and_images():
    values = torch.tensor([1.0, 2.0, 3.0])
    for sample in ((), (4,), (4, 5)):
        x_t = torch.ones(2, 3, *sample)
        y = per_channel(values, x_t) * x_t
        assert y.shape == x_t.shape
        assert torch.equal(y[0].flatten(1)[:, 0] if sample else y[0], values)
        assert torch.equal(per_channel(values[1:2], x_t) * x_t, 2 * x_t)  # nobody connected it
    assert per_channel(values[:1], torch.ones(2)).tolist() == [1]


def test_a_neuron_of_other_channels_is_told():
    with pytest.raises(UsageError, match="^input: got 4 channels, but the neuron .* to 3"):
        per_channel(torch.ones(3), torch.ones(2, 4, 5))


KINDS = [LIF, PLIF, GLIF, SmoothedLIF, MLF, MPBNLIF, QCFS, RealSpike, DSRIF, DSRLIF]


@pytest.mark.parametrize("batch", [1, N + 1])
@pytest.mark.parametrize("kind", KINDS)
def test_no_neuron_goes_on_from_the_state_of_another_batch(kind, batch):
    neuron, x = kind().eval(), torch.ones(T, N, 2)
    _, state = neuron.scan(torch.ones(1, batch, 2))
    told = rf"^state: got a membrane \[{batch}, 2\] .* samples \[{N}, 2\] .*initial_state"
    with pytest.raises(UsageError, match=told):
        neuron.scan(x, state)
    with pytest.raises(UsageError, match=told):
        neuron.step(x[0], state)
    _, state = neuron.scan(x)
    with pytest.raises(UsageError, match=r"^state: .* needs torch.float64 at least"):
        neuron.step(x[0].double(), state)


class Plain(Neuron):
    """As docs/extend.md has it, with a state that holds what else is no row of a sample."""

    def initial_state(self, x_t):
        return {"zeros": torch.zeros_like, "one": lambda x: torch.zeros(1)}[self.first](x_t), 0

    def step(self, x_t, state):
        h = state[0] / 2 + x_t
        spikes = (h >= 1).to(x_t.dtype)
        return spikes, (h - spikes, state[1] + 1)

    def __init__(self, first="zeros"):
        super().__init__()
        self.first = first


@pytest.mark.parametrize(("batch", "now"), [(1, N), (N, 1)])
def test_a_neuron_of_steps_does_not_go_on_from_another_batch_either(batch, now):
    neuron = Plain()
    _, state = neuron.scan(torch.ones(1, batch, 2))
    told = rf"^state: got one of {batch} samples, \[{batch}, 2\], but the input has {now}; start"
    with pytest.raises(UsageError, match=told):
        neuron.scan(torch.ones(T, now, 2), state)


def test_one_number_may_be_the_beginning_of_all_samples():
    neuron, x = Plain("one"), torch.rand(T, N, 2) * 2
    whole, (v, steps) = neuron.scan(x, neuron.initial_state(x[0]))
    assert torch.equal(whole, Plain()(x)) and (v.shape, steps) == (x.shape[1:], T)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not QCFS])
def test_a_sequence_of_numbers_is_one_neuron(kind):
    neuron, x = kind().eval(), torch.tensor([3.0, 0.5, 2.0, -1.0])
    spikes = neuron(x)
    assert spikes.shape == x.shape and spikes.any()
    assert torch.equal(spikes, neuron(x.view(T, 1, 1)).flatten())


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_no_samples_has_no_spikes(kind):
    x = torch.ones(T, 0, 5, 2)
    assert kind().connect(5).eval()(x).shape == x.shape


@pytest.mark.parametrize("kind", KINDS)
def test_whole_numbers_give_what_the_same_floats_give(kind):
    neuron, x = kind().connect(2).eval(), torch.tensor([[3, 0], [1, 2], [9, 1]]).view(3, 1, 2)
    with torch.no_grad():
        for p in neuron.parameters():
            p.mul_(0.7)  # so that spikes are no whole numbers, where their height is trained
        expected = neuron(x.float())
        assert expected.any()
        assert torch.equal(neuron(x).float(), expected)


def soft_at_random():
    return LIF(surrogate=ASGL(noise=0.5, width=6.0))


@pytest.mark.parametrize("kind", [*KINDS, soft_at_random])
def test_whole_numbers_train_what_the_same_floats_train(kind):
    x = torch.tensor([[3, 0], [1, 2], [9, 1], [0, 4], [2, 2], [1, 0]]).view(3, 2, 2)
    neuron, found = kind().connect(2), []
    for given in (x, x.float()):
        torch.manual_seed(0)  # of noise
        y = neuron(given)
        neuron.zero_grad()
        assert y.dtype == torch.float32
        if trained := [*neuron.parameters()]:
            (y * torch.arange(1.0, 13.0).view(3, 2, 2)).sum().backward()
        found.append([y.detach(), *(p.grad for p in trained)])
    torch.testing.assert_close(*found, rtol=0, atol=0)
