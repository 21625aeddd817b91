import copy

import pytest
import torch
from torch import nn

import tssd
from tssd.adapters import adapt

from .nets import CLASSES, images, sequence

snntorch = pytest.importorskip("snntorch", reason="needs the extra: pip install tssd[interop]")


def leaky(*, output: bool = False) -> nn.Module:
    return snntorch.Leaky(beta=0.8, threshold=0.5, init_hidden=True, output=output)


def stepped_net(*, seed: int = 0) -> nn.Sequential:
    """One timestep a call; returns (spikes, membrane), as snnTorch networks often do."""
    torch.manual_seed(seed)
    net = nn.Sequential()
    net.stem = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), leaky())
    net.body = nn.Sequential(nn.Flatten(), nn.Linear(384, 32), leaky(output=True))
    net.pick = First()
    net.head = nn.Sequential(nn.Linear(32, CLASSES), leaky(output=True))
    return net


class First(nn.Module):
    def forward(self, pair: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return pair[0]


def adapted(*, seed: int = 0):
    return adapt(stepped_net(seed=seed), ["stem", "body"], example=images(4), layout="stepped")


def by_hand(net: nn.Sequential, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The usual loop, with every membrane set to zero by its own neuron first."""
    for neuron in (net.stem[2], net.body[2], net.head[1]):
        neuron.reset_mem()
    stems, bodies, spikes = [], [], []
    for x_t in x:
        stems.append(net.stem(x_t))
        bodies.append(net.body(stems[-1])[0])
        spikes.append(net.head(bodies[-1])[0])
    return {"stem": torch.stack(stems), "body": torch.stack(bodies), "": torch.stack(spikes)}


@pytest.mark.parametrize(("steps", "samples"), [(1, 1), (4, 32), (2, 7), (6, 6)])
def test_logits_and_taps_are_those_of_a_manual_time_loop(steps, samples):
    net = adapted().eval()
    x = 3 * sequence(steps, samples)
    expected = by_hand(net.module, x)
    for _ in range(2):
        out = net(x, ["stem", "body"])
        assert torch.equal(out.logits, expected[""])
        assert torch.equal(out.taps["stem"], expected["stem"])
        assert torch.equal(out.taps["body"], expected["body"])
    assert net.tap_shape("body") == (32,)
    assert 0 < expected["stem"].mean() < 1
    assert steps == 1 or expected[""].mean() > 0


def test_three_steps_train_every_parameter_without_a_reset():
    net = adapted().train()
    criterion = tssd.tssd(2, 4, tap="stem").connect(net)
    parameters = [*net.parameters(), *criterion.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.01)
    for samples in (32, 7, 1):
        labels = torch.arange(samples) % CLASSES
        optimizer.zero_grad()
        criterion.run(net, 3 * images(samples), labels).total.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in parameters)
        assert all(p.grad.abs().sum() > 0 for p in net.parameters())
        optimizer.step()


def test_resetting_one_network_leaves_another():
    # snntorch.utils.reset(net) would zero this membrane: it goes through all neurons there are.
    other = stepped_net(seed=1)
    other(3 * images(3))
    before = other.stem[2].mem.clone()
    adapted()(sequence(2, 3))
    assert before.abs().sum() > 0
    assert torch.equal(other.stem[2].mem, before)


def test_no_membrane_is_left_behind_by_the_dry_run():
    module = stepped_net()
    module(3 * images(4))
    adapt(module, example=images(4), layout="stepped")
    assert module.stem[2].mem.abs().sum() == 0
    assert not [key for key in module.state_dict() if "mem" in key.split(".")[-1:]]


@pytest.mark.parametrize(
    "neuron",
    [
        lambda: snntorch.Lapicque(beta=0.8, init_hidden=True),
        lambda: snntorch.Synaptic(alpha=0.9, beta=0.8, init_hidden=True),
        lambda: snntorch.Alpha(alpha=0.9, beta=0.8, init_hidden=True),
        lambda: snntorch.RLeaky(beta=0.8, linear_features=64, init_hidden=True),
        lambda: snntorch.RSynaptic(alpha=0.9, beta=0.8, linear_features=64, init_hidden=True),
        lambda: snntorch.SLSTM(64, 64, threshold=0.1, init_hidden=True),
    ],
)
def test_every_kind_of_neuron_is_reset(neuron):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), neuron(), nn.Linear(64, CLASSES))
    net = adapt(module, ["1"], example=images(4), layout="stepped").eval()
    x = 3 * sequence(4, 5)
    out = net(x, ["1"])
    assert out.taps["1"].sum() > 0
    assert torch.equal(net(x).logits, out.logits)


@pytest.mark.parametrize(
    "neuron",
    [
        lambda: snntorch.SLSTM(64, 64, threshold=0.1, init_hidden=True),
        lambda: snntorch.SConv2dLSTM(1, 1, 3, threshold=0.1, init_hidden=True),
    ],
)
def test_neurons_that_keep_their_spikes_are_copied_after_a_step(neuron):
    torch.manual_seed(0)
    keeping = neuron()
    front = [nn.Flatten()] if isinstance(keeping, snntorch.SLSTM) else []
    module = nn.Sequential(*front, keeping, nn.Flatten(), nn.Linear(64, CLASSES))
    net = adapt(module, example=images(4), layout="stepped")
    x, labels = 3 * images(6), torch.arange(6) % CLASSES
    tssd.control(2, 4).connect(net).run(net, x, labels).total.backward()
    copied = copy.deepcopy(net).eval()
    assert torch.equal(copied(sequence(4, 5)).logits, net.eval()(sequence(4, 5)).logits)


class LoopInside(nn.Module):
    """Takes the whole sequence and loops itself, with the states in hand."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 8)
        self.lif = snntorch.Leaky(beta=0.8)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        membrane = self.lif.reset_mem()
        logits, membranes = [], []
        for x_t in x:
            spikes, membrane = self.lif(self.linear(x_t.flatten(1)), membrane)
            logits.append(self.head(spikes))
            membranes.append(membrane)
        return torch.stack(logits), torch.stack(membranes)


def test_a_network_that_loops_itself_is_time_first():
    net = adapt(LoopInside(), ["lif"], example=images(4)).eval()
    x = 3 * sequence(4, 5)
    out = net(x, ["lif"])
    assert torch.equal(out.logits, net.module(x)[0])
    assert torch.equal(net.module.head(out.taps["lif"]), out.logits)


def test_a_stepping_network_that_is_given_a_whole_sequence_is_refused():
    module = nn.Sequential(nn.Flatten(2), nn.Linear(64, CLASSES), leaky())
    with pytest.raises(tssd.UsageError, match=r"2 \(Leaky\) computes one timestep.*'stepped'"):
        adapt(module, example=images(4))
