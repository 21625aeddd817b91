"""The check of neurons passes our own and fails whatever breaks the contract."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from tssd.longest import rows
from tssd.neurons import IF, LIF, LIFState, Neuron, membrane_like, per_channel
from tssd.surrogates import ATan, Sigmoid, Surrogate, for_neuron
from tssd.testing import check_neuron


class Trained(Neuron):
    """A threshold for each channel, written as a step; every class below breaks one thing of it."""

    def __init__(self):
        super().__init__()
        self.threshold = nn.Parameter(torch.ones(1))
        self.surrogate = for_neuron(Sigmoid(2.0))

    def connect(self, channels):
        self.threshold = nn.Parameter(self.threshold.new_ones(channels))
        return self

    def initial_state(self, x_t):
        return LIFState(membrane_like(x_t))

    def step(self, x_t, state):
        threshold = per_channel(self.threshold, x_t)
        h = state.v / 2 + x_t
        self.show_membrane(h)
        spikes = self.surrogate.spike(h - threshold)
        return spikes.to(x_t.dtype), LIFState(h - threshold * spikes)


class Gated(Trained):
    """A gate for each timestep and channel too, and a state that counts."""

    class State(NamedTuple):
        v: Tensor
        steps: int

    longest = None

    def __init__(self):
        super().__init__()
        self.gate = nn.Parameter(torch.ones(1, 1))

    def connect(self, channels):
        self.gate = nn.Parameter(self.gate.new_ones(len(self.gate), channels))
        return super().connect(channels)

    def build_for(self, timesteps):
        self.longest = timesteps
        self.gate = nn.Parameter(self.gate.new_ones(timesteps, self.gate.shape[1]))

    def initial_state(self, x_t):
        return Gated.State(membrane_like(x_t), 0)

    def step(self, x_t, state):
        (gate,) = rows(self.gate, state.steps, 1, longest=self.longest)
        spikes, after = super().step((per_channel(gate, x_t) * x_t).to(x_t.dtype), state)
        return spikes, Gated.State(after.v, state.steps + 1)


class Normalised(Trained):
    """A norm inside, of statistics that a step in training updates."""

    def connect(self, channels):
        self.norm = nn.BatchNorm1d(channels)
        return super().connect(channels)

    def step(self, x_t, state):
        pixels = x_t.reshape(*x_t.shape[:2], -1)  # one of a feature
        return super().step(self.norm(pixels).view_as(x_t), state)


class Levels(Neuron):
    """Several neurons on the same input, whose spikes add up."""

    def __init__(self):
        super().__init__()
        self.units = nn.ModuleList(LIF(v_threshold=v) for v in (0.6, 1.6))

    def initial_state(self, x_t):
        return [unit.initial_state(x_t) for unit in self.units]

    def scan(self, x, state=None):
        states = self.initial_state(x[0]) if state is None else state
        results = [unit.scan(x, s) for unit, s in zip(self.units, states, strict=True)]
        return sum(y for y, _ in results), [s for _, s in results]


class Slope(nn.Module, Surrogate):
    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(3.0))

    def primitive(self, s):
        return torch.sigmoid(self.slope * s)


OURS = {
    "LIF": LIF,
    "IF": IF,
    "hard": lambda: LIF(v_reset=0.0),
    "all options": lambda: LIF(
        3.0, 0.8, v_reset=-0.3, decay_input=True, detach_reset=True, surrogate=ATan()
    ),
    "one trained surrogate for all": lambda: LIF(surrogate=SLOPE),
    "Trained": Trained,
    "Gated": Gated,
    "Normalised": Normalised,
    "Levels": Levels,
}
SLOPE = Slope()


@pytest.mark.parametrize("make", OURS.values(), ids=list(OURS))
def test_neurons_that_keep_the_contract_pass(make):
    check_neuron(make)


class Other(Trained):
    def connect(self, channels):
        return Trained().connect(channels)


class Shared(Trained):
    def __init__(self):
        super().__init__()
        self.surrogate = SLOPE


class Remembers(Trained):
    v: Tensor | None = None

    def initial_state(self, x_t):
        rest = super().initial_state(x_t)
        return rest if self.v is None or self.v.shape != x_t.shape else LIFState(self.v)

    def step(self, x_t, state):
        spikes, state = super().step(x_t, state)
        self.v = state.v.detach()
        return spikes, state


class LooksAhead(Trained):
    def scan(self, x, state=None):
        return super().scan(x - x.mean(0) / 2, state)


class Dead(Trained):
    def __init__(self):
        super().__init__()
        self.leak = nn.Parameter(torch.ones(()))


class Detached(Trained):
    def step(self, x_t, state):
        spikes, state = super().step(x_t, state)
        return spikes.detach(), state


class Swallows(Trained):
    def step(self, x_t, state):
        return super().step(x_t.nan_to_num(), state)


class Scans(Trained):
    def scan(self, x, state=None):
        spikes, state = super().scan(x, state)
        return 2 * spikes, state


class Silent(Trained):
    def step(self, x_t, state):
        return super().step(x_t - 100, state)


class Unseen(Trained):
    def show_membrane(self, h_t):
        pass


class ShowsDetached(Trained):
    def show_membrane(self, h_t):
        super().show_membrane(h_t.detach())


class ShowsOneStep(Trained):
    def show_membrane(self, h_t):
        self.show_membranes(h_t)


class Coarse(Trained):
    def initial_state(self, x_t):
        return LIFState(torch.zeros_like(x_t))


class Wide(Trained):
    def step(self, x_t, state):
        return super().step(x_t.to(state.v.dtype), state)


class Eager(Gated):
    def step(self, x_t, state):
        last = (self.longest or 1) - 1
        return super().step(x_t, state._replace(steps=min(state.steps, last)))


class FirstRow(Gated):
    def step(self, x_t, state):
        rows(self.gate, state.steps, 1, longest=self.longest)
        spikes, after = super().step(x_t, state._replace(steps=0))
        return spikes, after._replace(steps=state.steps + 1)


BROKEN = {
    Other: r"connect\(3\) returned something else, expected `self`",
    Shared: r"two of them share modules, expected none: \['Slope'\].*for_neuron",
    Remembers: "two calls on the same input: something stays between",
    LooksAhead: "the first 1 of 4 timesteps depend on the input after them",
    Dead: "leak gets no gradient: the output does not depend on it",
    Detached: "its output has no gradient, although its input wants one",
    Swallows: "an input of NaN leaves no NaN in its output",
    Scans: "1 timesteps, then the rest|a loop over step, and the scan",
    Silent: r"its output is 0 everywhere.*drive=",
    Unseen: "it shows no membrane; call self.show_membrane",
    ShowsDetached: "the membrane is detached",
    ShowsOneStep: r"the membrane has shape \[24, 3, 4, 2\] for an input \[4, 6, 3, 4, 2\]",
    Coarse: "got a state of torch.bfloat16 for an input of bfloat16, expected float32",
    Wide: "got torch.float32 for an input of torch.bfloat16, expected the same",
    FirstRow: r"the gradient of gate is zero everywhere in rows \[1, 2, 3\], expected one row",
    Eager: "ran 8 timesteps, built for 4; expected a UsageError",
}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_neuron_that_breaks_the_contract_fails_and_is_told_how(kind):
    with pytest.raises(AssertionError, match=f"^{kind.__name__}: ({BROKEN[kind]})"):
        check_neuron(kind)


def test_what_is_no_neuron_is_told():
    with pytest.raises(AssertionError, match="^ReLU: got .*, expected a class that derives from"):
        check_neuron(nn.ReLU)


def test_what_needs_another_drive_or_shows_no_membrane_says_so():
    check_neuron(lambda: LIF(v_threshold=40.0), drive=40.0)
    check_neuron(Unseen, shows_membrane=False)
