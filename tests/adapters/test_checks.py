from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

import tssd
from tssd.adapters import adapt
from tssd.errors import UsageError

from .nets import CLASSES, images

x = 2 * images(6)


class Net(nn.Module):
    """[T, N, 1, 8, 8] by a function of itself and its input [T, N, 64]."""

    def __init__(self, function, *, lif: nn.Module | None = None) -> None:
        super().__init__()
        self.function = function
        self.linear = nn.Linear(64, 16)
        self.lif = lif or tssd.LIF(v_threshold=0.2)
        self.head = nn.Linear(16, CLASSES)
        self.both = nn.GRU(16, 8, bidirectional=True)
        self.attention = nn.MultiheadAttention(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x.flatten(-3))

    def spikes(self, x: Tensor) -> Tensor:
        return self.lif(self.linear(x))


def attending(net: Net, x: Tensor, *, causal: bool) -> Tensor:
    s = net.spikes(x)
    mask = torch.ones(len(s), len(s), dtype=torch.bool).triu(1) if causal else None
    return net.head(net.attention(s, s, s, attn_mask=mask)[0])


AHEAD = {
    "bidirectional": lambda net, x: net.head(net.both(net.spikes(x))[0]),
    "attention": lambda net, x: attending(net, x, causal=False),
    "norm over time": lambda net, x: net.head(net.spikes(x) - net.spikes(x).mean(0)),
    "next step": lambda net, x: net.head(net.spikes(x).roll(-1, 0)),
    "divided by T": lambda net, x: net.head(net.spikes(x)) / len(x),
    "backwards": lambda net, x: net.head(net.spikes(x.flip(0)).flip(0)),
}


@pytest.mark.parametrize("name", AHEAD)
def test_what_looks_ahead_is_refused(name):
    with pytest.raises(tssd.UsageError, match="make it causal") as error:
        adapt(Net(AHEAD[name]), example=x)
    assert "\n" not in str(error.value)


def test_a_look_ahead_is_seen_though_a_fresh_network_is_silent():
    def quiet(net: Net, x: Tensor) -> Tensor:
        s = net.lif(0.02 * net.linear(x))
        return net.head(s + s.flip(0))

    with pytest.raises(tssd.UsageError, match="make it causal"):
        adapt(Net(quiet), example=x)


@pytest.mark.parametrize(
    "function",
    [
        lambda net, x: attending(net, x, causal=True),
        lambda net, x: net.head(net.spikes(x).cumsum(0)),
    ],
)
def test_what_looks_back_is_not(function):
    assert adapt(Net(function), example=x).num_classes == CLASSES


class ForFour(nn.Module):
    """A weight a timestep, as in TEBN and PSN."""

    def __init__(self, *, mixing: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 4) if mixing else torch.rand(4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.dim() == 3:
            return self.weight * x
        return torch.addmm(torch.zeros(1), self.weight, x.flatten(1)).view_as(x)


@pytest.mark.parametrize("mixing", [False, True])
def test_what_is_made_for_one_number_of_timesteps_is_refused(mixing):
    net = Net(lambda net, x: net.head(net.spikes(x)), lif=ForFour(mixing=mixing))
    with pytest.raises(tssd.UsageError, match="runs for T = 4, but not for T = 1.*SlidingPSN"):
        adapt(net, example=x)


def unrolled(net: Net, x: Tensor) -> list[Tensor]:
    membrane, logits = 0.0, []
    for _ in range(4):
        membrane = 0.5 * membrane + net.linear(x)
        logits.append(net.head(membrane.relu()))
    return logits


NESTED = {
    "ours": (lambda net, x: net.head(net.spikes(x.expand(4, *x.shape))).mean(0), None),
    "unknown": (lambda net, x: torch.stack(unrolled(net, x)).mean(0), None),
}


@pytest.mark.parametrize("layout", ["stepped", "time_first"])
@pytest.mark.parametrize("name", NESTED)
def test_a_run_in_every_timestep_is_refused(name, layout):
    function, lif = NESTED[name]
    with pytest.raises(tssd.UsageError, match="forgets.*layout='repeating'") as error:
        adapt(Net(function, lif=lif), example=x, layout=layout)
    assert "\n" not in str(error.value)


def test_a_network_without_memory_may_be_said_to_have_none():
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, CLASSES))
    with pytest.raises(tssd.UsageError, match=r"if it shall have no memory, .*TimeFold\(net\)"):
        adapt(net, example=x, layout="stepped")
    assert adapt(tssd.TimeFold(net), example=x).num_classes == CLASSES


@pytest.mark.parametrize(
    ("function", "taps", "message"),
    [
        (lambda net, x: net.head(net.spikes(x)) * torch.nan, [], "not finite in training mode"),
        (lambda net, x: net.head(net.spikes(x)).softmax(-1), [], "got probabilities"),
        (lambda net, x: net.spikes(x), ["lif"], "'lif': is the network's own output"),
        (
            lambda net, x: net.head(net.spikes(x))[..., : 3 + net.training],
            [],
            "3 and 4 logits a sample in training and in eval mode",
        ),
    ],
)
def test_what_are_no_logits_is_refused(function, taps, message):
    with pytest.raises(tssd.UsageError, match=message) as error:
        adapt(Net(function), taps, example=x)
    assert "\n" not in str(error.value)


class OfTheStrongest(nn.Module):
    """Divides by a maximum over axes of [T, N, F]: time, or the batch, or both."""

    def __init__(self, *axes):
        super().__init__()
        self.head = nn.Linear(6, CLASSES)
        self.axes = axes

    def forward(self, x):
        return self.head(x / x.amax(self.axes, keepdim=True).clamp(min=1e-6))


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ((0, 2), "inputs of later timesteps"),
        ((1, 2), "in eval mode depend on the other samples"),
        ((2,), None),
    ],
)
def test_a_maximum_belongs_to_one_sample_and_timestep(axes, message):
    x = torch.rand(4, 3, 6, generator=torch.Generator().manual_seed(0))
    x[0] *= 4  # the strongest comes first, so that later steps could hide
    with pytest.raises(UsageError, match=message) if message else nullcontext():
        adapt(OfTheStrongest(*axes), example=x)


def test_a_batch_mean_in_eval_mode_is_refused():
    class Centred(OfTheStrongest):
        def forward(self, x):
            return self.head(x - x.mean(1, keepdim=True) if self.axes else x)

    x = torch.rand(3, 6)
    adapt(Centred(), example=x)
    with pytest.raises(UsageError, match="depend on the other samples of its batch"):
        adapt(Centred(1), example=x)
