"""What maps sequences and does it wrongly; each by one change to a part that does it right."""

import pytest
import torch
from torch import nn

from tssd.longest import build_for, rows
from tssd.testing.sequences import check_built_for, check_low_precision, check_sequences, tensors

T, N, F = 4, 3, 5
X = torch.randn(T, N, F, generator=torch.Generator().manual_seed(0), dtype=torch.double)


class Sum(nn.Module):
    """The sum of the input so far."""

    def initial_state(self, x_t):
        return {"sum": torch.zeros_like(x_t, dtype=torch.promote_types(x_t.dtype, torch.float32))}

    def scan(self, x, state):
        y = state["sum"] + x.cumsum(0)
        return y.to(x.dtype), {"sum": y[-1]}

    def forward(self, x):
        return self.scan(x, self.initial_state(x[0]))[0]


class Remembers(Sum):
    last = 0.0

    def forward(self, x):
        y = super().forward(x) + self.last
        self.last = float(y.sum())
        return y


class Counts(Sum):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


class Centres(Sum):
    def forward(self, x):
        return super().forward(x - x.mean(0))


class LooksAheadUnseen(Sum):
    """The value of later input does not show: all that comes through is its gradient."""

    def forward(self, x):
        return super().forward(x) + (x.sum(0) - x.sum(0).detach())


class OfTheBatch(Sum):
    def forward(self, x):
        return super().forward(x - x.mean(1, keepdim=True))


class WritesInput(Sum):
    def forward(self, x):
        return super().forward(x.mul_(2))


class WritesState(Sum):
    def scan(self, x, state):
        y, _ = super().scan(x, state)
        state["sum"] += x.sum(0)
        return y, state


class Forgets(Sum):
    def scan(self, x, state):
        return super().scan(x, self.initial_state(x[0]))


class Transposes(Sum):
    def forward(self, x):
        return super().forward(x).transpose(0, 1)


class Single(Sum):
    def forward(self, x):
        return super().forward(x).float()


class ViewsDiffer(Sum):
    def forward(self, x):
        return super().forward(x) * (1 + (x.stride(0) == 0))


@pytest.mark.parametrize("part", [Sum(), nn.Tanh()])
def test_what_does_it_right_passes(part):
    before = X.clone()
    check_sequences("Part", part, X)
    check_low_precision("Part", part, X)
    check_built_for("Part", part, part, X)
    assert torch.equal(X, before)


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (Remembers, "two calls on the same input: something stays between"),
        (Counts, r"a call in eval mode changed \['calls'\]"),
        (Centres, "the first 1 of 4 timesteps depend on the input after them"),
        (LooksAheadUnseen, "the first 1 of 4 timesteps have a gradient by the input after them"),
        (OfTheBatch, "one sample alone and in a batch"),
        (WritesInput, "it writes into its input"),
        (WritesState, "it writes into the state"),
        (Forgets, "1 timesteps, then the rest from the state so far"),
        (Transposes, r"got torch.float64 \[3, 4, 5\] for an input of torch.float64 \[4, 3, 5\]"),
        (Single, "got torch.float32 .* for an input of torch.float64"),
        (ViewsDiffer, "an image repeated as a view"),
    ],
)
def test_what_does_it_wrongly_is_told(kind, match):
    with pytest.raises(AssertionError, match=f"^Part: {match}"):
        check_sequences("Part", kind(), X.clone())


class Widens(Sum):
    def scan(self, x, state):
        return super().scan(x.float(), state)


class Narrows(Sum):
    def initial_state(self, x_t):
        return {"sum": torch.zeros_like(x_t)}


class Overflows(Sum):
    def scan(self, x, state):
        y, state = super().scan(x, state)
        return y * 1e38 * 1e38, state


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (Widens, "got torch.float32 for an input of torch.bfloat16"),
        (Narrows, "got a state of torch.bfloat16 for an input of bfloat16, expected float32"),
        (Overflows, "got values or gradients that are not finite"),
    ],
)
def test_low_precision(kind, match):
    with pytest.raises(AssertionError, match=f"^Part: {match}"):
        check_low_precision("Part", kind(), X)


class PerStep(nn.Module):
    """One factor a timestep; its state is the timesteps seen."""

    def __init__(self):
        super().__init__()
        self.longest = None
        self.scale = nn.Parameter(torch.ones(1, dtype=torch.double))

    def build_for(self, timesteps):
        self.longest = timesteps
        self.scale = nn.Parameter(self.scale.new_ones(timesteps))

    def initial_state(self, x_t):
        return 0

    def rows(self, start, steps):
        return rows(self.scale, start, steps, longest=self.longest)

    def scan(self, x, state):
        return x * self.rows(state, len(x)).view(-1, 1, 1), state + len(x)

    def forward(self, x):
        return self.scan(x, 0)[0]


class Repeats(PerStep):
    def rows(self, start, steps):
        return self.scale[torch.arange(start, start + steps) % len(self.scale)]


class RunsOut(PerStep):
    def rows(self, start, steps):
        return self.scale[torch.arange(start, start + steps) * (self.longest is not None)]


class AlwaysFirst(PerStep):
    def rows(self, start, steps):
        return rows(self.scale, 0, steps, longest=self.longest)


class Single32(PerStep):
    def build_for(self, timesteps):
        super().build_for(timesteps)
        self.scale = nn.Parameter(torch.ones(timesteps))


class Unbuilt(PerStep):
    def __init__(self):
        super().__init__()
        self.longest = 1


class NotSaid(PerStep):
    def build_for(self, timesteps):
        super().build_for(timesteps)
        self.longest = timesteps + 1


def built(kind):
    part = kind()
    build_for(part, T)
    return part.double()


def test_a_part_for_each_timestep_that_does_it_right_passes():
    check_built_for("Part", built(PerStep), PerStep(), X)
    check_sequences("Part", built(PerStep), X)


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (Repeats, "ran 8 timesteps, built for 4"),
        (RunsOut, "got IndexError on 8 timesteps, built for 4; expected a UsageError"),
        (AlwaysFirst, "ran 4 timesteps and one more, built for 4"),
        (Single32, "build_for makes parameters of another type"),
        (Unbuilt, "longest: got 1 before it is built, expected None"),
        (NotSaid, r"longest: got 5 after build_for\(4\)"),
    ],
)
def test_a_part_for_each_timestep_that_does_it_wrongly_is_told(kind, match):
    with pytest.raises(AssertionError, match=f"^Part: {match}"):
        check_built_for("Part", built(kind), kind(), X)


def test_tensors_of_a_state_however_nested():
    a, b, c = (torch.tensor(i) for i in range(3))
    assert [int(t) for t in tensors({"a": (a, [b, 3]), "c": c, "d": None})] == [0, 1, 2]
