from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.objectives import as_sequence
from tssd.rules.stepwise import detached, joined, outputs, rehearsal

from .nets import N, T, batch, loss_of, net


class Counted(NamedTuple):
    v: Tensor
    steps: int


def test_detached_keeps_the_kinds_of_tuples_and_numbers():
    v = torch.ones(2, requires_grad=True) * 2
    found = detached(((), Counted(v, 3), (v,)))
    assert found[0] == ()
    assert isinstance(found[1], Counted)
    assert found[1].steps == 3
    assert not found[1].v.requires_grad
    assert torch.equal(found[2][0], v)
    assert detached(None) is None


def test_outputs_of_all_timesteps_are_those_of_a_whole_run():
    made = net().eval()
    criterion = loss_of(made).eval()
    x, _ = batch()
    found = joined(outputs(criterion, made, x, backward=()), x)
    expected = criterion.add_exits(made(x, criterion.taps))
    torch.testing.assert_close(found.logits, expected.logits)
    torch.testing.assert_close(found.exits, expected.exits)
    assert found.input is x


def test_only_chosen_timesteps_have_a_graph_and_membranes_are_shown_if_wanted():
    made = net()
    criterion = loss_of(made)
    image = torch.randn(N, 2, 4, 4, dtype=torch.double)
    x = as_sequence(image, torch.zeros(N), T)
    steps = list(outputs(criterion, made, x, backward=[1, 3], shows=True))
    assert [out.logits.requires_grad for out in steps] == [False, True, False, True]
    assert [out.exits[0].requires_grad for out in steps] == [False, True, False, True]
    assert {name: h.shape[:2] for name, h in steps[1].membranes.items()} == {
        "stages.0.0.2": (1, N),
        "stages.1.1.2": (1, N),
    }
    assert torch.equal(steps[2].input, x[2:3])


class Replacing(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("other", torch.zeros(()))

    def forward(self):
        self.count.add_(1)
        self.other = self.other + 1
        return torch.is_grad_enabled()


def test_a_rehearsal_leaves_buffers_as_they_were():
    part = Replacing()
    held = part.other
    with rehearsal(part):
        assert not part()
    assert (part.count, part.other) == (0, 0)
    assert part.other is held
    assert torch.is_grad_enabled()
