import pytest
import torch
from torch import Tensor, nn

import tssd
from tssd.adapters import adapt
from tssd.adapters.stepping import carried, state_arguments

from .nets import CLASSES, images, sequence

x = images(6)


class Cell(nn.Module):
    """One timestep; returns its logits and its state, and takes the state back."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(64, 8)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x_t: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        hidden = self.cell(x_t.flatten(1), hidden)
        return self.head(hidden), hidden


class TwoStates(Cell):
    def forward(self, x_t: Tensor, mem1=None, mem2=None):
        mem1 = self.cell(x_t.flatten(1), mem1)
        mem2 = mem1 if mem2 is None else 0.5 * mem2 + mem1
        return self.head(mem2), mem1, mem2


def test_a_returned_state_is_given_back_at_the_next_timestep():
    net = adapt(Cell(), ["cell"], example=x, layout="stepped")
    series = sequence(4, 5)
    state, logits = None, []
    for x_t in series:
        z, state = net.module(x_t, state)
        logits.append(z)
    assert torch.equal(net(series).logits, torch.stack(logits))
    assert torch.equal(net(series, ["cell"]).taps["cell"][3], state)
    terms = tssd.tssd(2, 4).connect(net).run(net, x, torch.arange(6) % CLASSES).terms
    assert terms["temporal"] > 0


def test_several_states_go_back_in_order():
    net = adapt(TwoStates(), ["cell"], example=x, layout="stepped")
    series = sequence(3, 5)
    states: tuple = (None, None)
    for x_t, z_t in zip(series, net(series).logits, strict=True):
        z, *states = net.module(x_t, *states)
        assert torch.equal(z, z_t)


@pytest.mark.parametrize("cell", [nn.RNNCell(64, CLASSES), nn.LSTMCell(64, CLASSES)])
def test_a_cell_of_torch_is_its_own_state(cell):
    class Flat(type(cell)):
        def forward(self, input, hx=None):
            return super().forward(input.flatten(1), hx)

    flat = Flat(64, CLASSES)
    series = sequence(3, 5)
    state = None
    for x_t, z_t in zip(
        series, adapt(flat, example=x, layout="stepped")(series).logits, strict=True
    ):
        state = flat(x_t, state)
        assert torch.equal(state[0] if isinstance(state, tuple) else state, z_t)


class Norse(nn.Module):
    """norse's SequentialState takes a list of states, or None."""

    def forward(self, input_tensor: Tensor, state: list | None = None):
        old = 0.0 if state is None else state[0]
        now = 0.5 * old + input_tensor.flatten(1)
        return now, [now, None]


def test_a_state_may_be_a_list():
    net = adapt(Norse(), example=x, layout="stepped")
    series = sequence(3, 5).flatten(2)
    assert torch.equal(net(series.unflatten(2, (1, 8, 8))).logits[1], 0.5 * series[0] + series[1])


class HiddenAndCell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(64, CLASSES)

    def forward(self, x_t: Tensor, h: Tensor | None = None, c: Tensor | None = None):
        h, c = self.cell(x_t.flatten(1), None if h is None else (h, c))
        return h, h, c


class FromZero(Norse):
    def forward(self, input_tensor: Tensor, mem: Tensor | float = 0.0):
        mem = 0.5 * mem + input_tensor.flatten(1)
        return mem, mem


@pytest.mark.parametrize("module", [HiddenAndCell(), FromZero()])
def test_a_state_may_be_h_and_c_or_start_from_a_number(module):
    logits = adapt(module, example=x, layout="stepped")(series := sequence(2, 5)).logits
    _, *states = module(series[0])
    assert torch.equal(logits[1], module(series[1], *states)[0])


class OneTooMany(Cell):
    def forward(self, x_t: Tensor, hidden=None):
        z, hidden = super().forward(x_t, hidden)
        return z, hidden, hidden


class Unclear(Cell):
    def forward(self, x_t: Tensor, extra=None):
        return super().forward(x_t, extra)


class Needed(Cell):
    def forward(self, x_t: Tensor, hidden):
        return super().forward(x_t, hidden)


class Dropped(Cell):
    def forward(self, x_t: Tensor):
        return super().forward(x_t, None)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (OneTooMany(), "returns 2 values after its logits, but .* takes the state as hidden"),
        (Unclear(), "unclear whether extra of its forward .* name the argument state"),
        (Needed(), r"forward needs hidden beside its input; give it a default"),
        (Dropped(), r"Dropped forgets between timesteps; return its state"),
        (nn.Sequential(nn.Flatten(), nn.RNNCell(64, 8), nn.Linear(8, 3)), "forgets between"),
    ],
)
def test_a_state_that_would_be_lost_is_refused(module, message):
    with pytest.raises(tssd.UsageError, match=message) as error:
        adapt(module, example=x, layout="stepped")
    assert "\n" not in str(error.value)


def test_what_says_state_and_what_does_not():
    def names(*arguments: str) -> list[str]:
        scope: dict = {}
        exec(f"def forward(self, x, {', '.join(arguments)}): pass", scope)
        return state_arguments(type("Net", (nn.Module,), {"forward": scope["forward"]})())

    yes = ["state", "mem", "mem1", "spk_mem", "hx", "hidden_states", "syn2", "h", "v", "lif_state"]
    assert names(*(f"{name}=None" for name in yes)) == yes
    assert names("mem=0.0", "state=()") == ["mem", "state"]
    no = ["mask=None", "target=None", "return_state=None", "keep_state=False", "scale=1", "c=None"]
    assert names(*no) == []


def test_a_network_that_takes_no_state_drops_none():
    assert carried(nn.Linear(2, 2), (x, x), []) == {}
