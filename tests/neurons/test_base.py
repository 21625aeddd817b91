from typing import NamedTuple

import pytest
import torch

from tssd.neurons import Neuron

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
