"""Membranes and the input, for the terms that ask for them."""

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import (
    ExitCrossEntropy,
    Objective,
    SelfDistillation,
    TaskCrossEntropy,
    Timesteps,
)

K, T = 3, 2


class Potential(Objective):
    """Mean square of all membranes; keeps what it was given."""

    needs_membranes = True

    def forward(self, out, target):
        self.seen = out
        return torch.stack([u.square().mean() for u in out.membranes.values()]).mean()


class Brightness(Objective):
    needs_input = True

    def forward(self, out, target):
        self.seen = out
        return (out.logits.mean(0).mean(1) - out.input.mean(0).flatten(1).mean(1)).square().mean()


def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 3, 16, 16, generator=generator), torch.tensor([0, 1, 2, 0])


def net_of():
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=1 / 16)


def connected(net, **terms):
    return SelfDistillation(terms, Timesteps(1, T)).connect(net)


def test_a_term_that_asks_for_membranes_gets_them_with_their_gradient():
    net, term = net_of(), Potential()
    connected(net, potential=term).run(net, *batch()).total.backward()
    lifs = [name for name, part in net.named_modules() if isinstance(part, tssd.LIF)]
    assert list(term.seen.membranes) == lifs
    assert {len(u) for u in term.seen.membranes.values()} == {T}
    assert term.seen.membranes[lifs[0]].shape[:2] == (T, 4)
    reached = {name for name, p in net.named_parameters() if p.grad is not None and p.grad.any()}
    assert {name for name, _ in net.named_parameters() if "head" not in name} == reached


def test_a_term_that_asks_for_the_input_gets_the_sequence():
    net, term = net_of(), Brightness()
    x, y = batch()
    connected(net, bright=term).run(net, x, y).total.backward()
    assert torch.equal(term.seen.input, tssd.repeat_in_time(x, T))
    assert not term.seen.membranes


class Features(Objective):
    needs_taps = True

    def connect(self, net, timesteps):
        self.taps = (net.resolve_tap(-1), 0)
        return super().connect(net, timesteps)

    def forward(self, out, target):
        self.seen = out
        return out.taps[3].square().mean() + out.taps[0].mean()


def test_a_term_that_looks_at_features_gets_them_beside_the_exits():
    net, term = net_of(), Features()
    criterion = connected(net, features=term, exit=ExitCrossEntropy())
    assert (criterion.taps, criterion.kept) == ((1,), (1, 3, 0))
    criterion.run(net, *batch())
    assert [*term.seen.taps] == [0, 1, 3] and [*term.seen.exits] == [1]
    x, y = batch()
    told = r"^taps: got \[1\], but the loss needs 3 as well; call criterion.run"
    with pytest.raises(UsageError, match=told):
        criterion(net(tssd.repeat_in_time(x, T), criterion.taps), y)


def test_nobody_else_gets_them_and_nothing_stays_in_the_network():
    net = net_of()
    before = {name: {*vars(part)} for name, part in net.named_modules()}
    seen = []

    class Watching(TaskCrossEntropy):
        def forward(self, out, target):
            seen.append(out)
            return super().forward(out, target)

    connected(net, task=Watching()).run(net, *batch())
    assert seen[0].membranes == {} and seen[0].input is None
    connected(net, potential=Potential()).run(net, *batch())
    assert {name: {*vars(part)} for name, part in net.named_modules()} == before


def test_membranes_change_no_bit_of_the_other_terms():
    totals = []
    for terms in ({}, {"potential": Potential(weight=0.0)}):
        net = net_of()
        loss = connected(net, task=TaskCrossEntropy(), **terms).run(net, *batch())
        loss.terms["task"].backward()
        totals.append((loss.terms["task"], [p.grad for p in net.parameters()]))
    assert torch.equal(totals[0][0], totals[1][0])
    for a, b in zip(totals[0][1], totals[1][1], strict=True):
        torch.testing.assert_close(a, b)


class Silent(nn.Module):
    """A network whose neurons show nothing."""

    num_classes = K

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, K)

    def resolve_tap(self, tap):
        raise AssertionError

    tap_shape = resolve_tap

    def forward(self, x, taps=()):
        return NetOutput(self.layer(x.flatten(3).mean(3)))


def test_a_network_that_shows_none_is_refused_with_the_remedy():
    net = Silent()
    told = "^net: shows no membranes, but potential needs them; call criterion.run.*show_membrane"
    with pytest.raises(UsageError, match=told):
        connected(net, potential=Potential()).run(net, *batch())


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"potential": Potential()}, r"^net: shows no membranes, but potential needs them; call"),
        ({"bright": Brightness()}, r"^input: got none, but bright needs it; call criterion.run\("),
    ],
)
def test_a_loss_of_an_output_alone_says_what_is_missing(terms, message):
    net = net_of()
    x, y = batch()
    with pytest.raises(UsageError, match=message):
        connected(net, **terms)(net(tssd.repeat_in_time(x, T)), y)
