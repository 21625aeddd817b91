"""Networks that keep their membranes in buffers, which are saved with the weights."""

import copy
import pickle

import pytest
import torch
from torch import nn

from tssd.adapters import adapt
from tssd.surrogates import Sigmoid

X = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))


class Stepped(nn.Module):
    """One timestep a call, from the membrane that the last one left."""

    def __init__(self, rest=None):
        super().__init__()
        self.layer, self.head = nn.Linear(6, 5), nn.Linear(5, 2)
        self.register_buffer("v", rest)
        self.rest = rest

    def forward(self, x):
        h = self.layer(x) + (0 if self.v is None else self.v / 2)
        spikes = Sigmoid(4.0).spike(h - 0.2)
        self.v = h - 0.2 * spikes
        return self.head(spikes)

    def reset(self):
        """As it was made."""
        self.v = self.rest


class Looping(Stepped):
    """The same for whole sequences: it resets itself as it begins."""

    def forward(self, x):
        self.v = None
        return torch.stack([super(Looping, self).forward(x_t) for x_t in x])


def stepped(rest=None):
    torch.manual_seed(1)
    return adapt(Stepped(rest), ["layer"], example=X, layout="stepped", reset=Stepped.reset)


def looping():
    torch.manual_seed(1)
    return adapt(Looping(), ["layer"], example=X)


MAKERS = [stepped, lambda: stepped(torch.zeros(1)), looping]


@pytest.mark.parametrize("make", MAKERS)
def test_weights_go_into_a_fresh_network_whatever_batch_was_the_last(make):
    used, fresh = make(), make()
    assert (used.module.v is None) == (used.states["v"] is None)  # the dry run left it so
    expected = used(X.expand(3, 4, 6)).logits
    expected.sum().backward()
    for p in fresh.parameters():
        p.data.zero_()
    fresh.load_state_dict(used.state_dict())
    assert torch.equal(fresh(X.expand(3, 4, 6)).logits, expected)
    # Into one that has run, too, and as a part of something larger.
    used(X[:1].expand(2, 1, 6))
    nn.ModuleList([used]).load_state_dict(nn.ModuleList([fresh]).state_dict())
    assert torch.equal(used(X.expand(3, 4, 6)).logits, expected)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize("make", MAKERS)
def test_copies_are_of_a_network_at_rest(make, copied):
    net = make()
    net(X.expand(3, 4, 6)).logits.sum().backward()
    again = copied(net)
    again.load_state_dict(make().state_dict())
    assert torch.equal(again(X.expand(3, 4, 6)).logits, net(X.expand(3, 4, 6)).logits)


class Masked(nn.Module):
    """Connections that are drawn when it first runs, and a mean that learns its size then."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 2)
        self.register_buffer("mask", None)
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, x):
        if self.mask is None:
            self.mask = (torch.rand(6) < 0.5).float()
        if self.training:
            self.mean = 0.9 * self.mean + 0 * x.detach().mean((0, 1)) + 1
            self.mean = self.mean.clamp(max=1)
        return self.head(x * self.mask)


def test_what_is_built_once_is_no_state():
    net = adapt(Masked(), [], example=X)
    net(X.expand(3, 4, 6))
    mask = net.module.mask.clone()
    assert not net.states
    state = net.state_dict()
    assert torch.equal(net.module.mask, mask) and torch.equal(state["module.mask"], mask)
    assert net.module.mean.shape == state["module.mean"].shape == (6,)


def test_an_ordinary_network_has_none():
    net = adapt(nn.Sequential(nn.Linear(6, 3), nn.Linear(3, 2)), [], example=X)
    assert net.states == {}


def test_what_the_network_does_to_a_buffer_in_place_leaves_its_rest_as_it_was():
    net = stepped(torch.zeros(1))
    for _ in range(2):
        net.module.v = None  # as a reset may leave it
        assert net.state_dict()["module.v"].tolist() == [0.0]
        net.module.v.add_(1.0)
    assert net.state_dict()["module.v"].tolist() == [0.0]  # of the same shape, and not at rest
