import pytest
import torch
from spikingjelly.activation_based import neuron as sj_neuron
from spikingjelly.activation_based import surrogate as sj_surrogate

from tssd.errors import UsageError
from tssd.longest import build_for
from tssd.neurons import GLIF, LIF
from tssd.parameter_options import parameter_groups
from tssd.surrogates import Sigmoid
from tssd.testing import check_neuron

from .test_plif import assert_same, outcome

T, N, C = 5, 3, 4
# SpikingJelly's name of each parameter.
THEIRS = {
    "raw_alpha": "alpha",
    "raw_beta": "beta",
    "raw_gamma": "gamma",
    "raw_decay": "tau",
    "raw_v_threshold": "v_threshold",
    "raw_leak": "linear_decay",
    "raw_v_subreset": "v_subreset",
    "raw_gain": "conduct",
}


def built(**options):
    neuron = GLIF(**options).connect(C)
    build_for(neuron, T)
    return neuron.double()


def images(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(T, N, C, 4, 3, generator=generator, dtype=torch.double) + 0.4


def run(neuron):
    def scanned(x):
        spikes, state = neuron.scan(x)
        return spikes, state.u

    return scanned


@pytest.mark.parametrize("make", [GLIF, lambda: GLIF(0.4, gates=[0.8, 0.2, 0.8])])
def test_it_keeps_the_contract(make):
    check_neuron(make)


def test_it_is_spikingjellys_gated_lif():
    # That one begins with another leak, fires at the threshold too, and runs for T steps exactly.
    neuron = built(leak=0.5 / (2 * T))
    rect = sj_surrogate.Rect(alpha=1.0)
    node = sj_neuron.GatedLIFNode(T, inplane=C, surrogate_function=rect).double()
    ours = dict(neuron.named_parameters())
    for name, theirs in THEIRS.items():
        if theirs not in ("alpha", "beta", "gamma"):  # which begin at random
            torch.testing.assert_close(ours[name], getattr(node, theirs).expand_as(ours[name]))
    with torch.no_grad():
        for name, theirs in THEIRS.items():
            ours[name].add_(torch.linspace(-0.7, 0.6, ours[name].numel()).view_as(ours[name]))
            getattr(node, theirs).copy_(ours[name])
    x = images()
    found = outcome(run(neuron), x, *(ours[name] for name in THEIRS))
    parameters = [getattr(node, theirs) for theirs in THEIRS.values()]
    assert_same(found, outcome(lambda x: (node(x), node.v), x, *parameters))
    assert all(g.any() for g in found[2:])


@pytest.mark.parametrize("surrogate", [None, Sigmoid(3.0)])
def test_with_closed_gates_it_is_a_lif_with_a_hard_reset(surrogate):
    # alpha = gamma = 1: an exponential leak, a hard reset; beta = 0: no gain.
    neuron = built(surrogate=surrogate)
    with torch.no_grad():
        for name, value in (("alpha", 1e3), ("beta", -1e3), ("gamma", 1e3)):
            getattr(neuron, f"raw_{name}").fill_(value)
    decay, threshold = (p[0].sigmoid().item() for p in (neuron.raw_decay, neuron.raw_v_threshold))
    lif = LIF(1 / (1 - decay), threshold, v_reset=0.0, strict=True, surrogate=surrogate)

    def before_the_reset(x):
        spikes, state = neuron.scan(x)
        return spikes, state.u * (1 - state.s)

    def of_lif(x):
        spikes, state = lif.scan(x)
        return spikes, state.v

    assert_same(outcome(before_the_reset, images()), outcome(of_lif, images()))


def test_pencil_trace_with_open_gates():
    # alpha = gamma = 0: a leak of 1/4, a soft reset of 1/2; beta = 1: a gain of 1/2.
    neuron = GLIF(0.5, leak=0.25, gain=0.5)
    with torch.no_grad():
        for name, value in (("alpha", -1e3), ("beta", 1e3), ("gamma", -1e3)):
            getattr(neuron, f"raw_{name}").fill_(value)
    # u = 0.75; 0.75 - 0.25 + 0.5 - 0.5 = 0.5, which is not above; 0.5 - 0.25 + 0.25
    x = torch.tensor([2.0, 1.0, 0.5]).view(3, 1, 1)
    spikes, state = neuron.scan(x)
    assert (spikes.flatten().tolist(), state.u.item(), state.steps) == ([1, 0, 0], 0.5, 3)


def test_how_it_begins():
    neuron = GLIF(0.4, gates=[0.6, 0.8, 0.6]).connect(2)
    values = {name: p.sigmoid() for name, p in neuron.named_parameters()}
    expected = {"alpha": 0.55, "beta": 0.65, "gamma": 0.55, "decay": 0.25, "v_threshold": 0.4}
    expected |= {"v_subreset": 0.4, "leak": 0.05, "gain": 0.5}
    for name, value in expected.items():
        shape = (1, 2) if name == "gain" else (2,)
        torch.testing.assert_close(values[f"raw_{name}"], torch.full(shape, value))
    gates = [p for name, p in GLIF().connect(50).named_parameters() if name[4:] in THEIRS.values()]
    drawn = torch.cat([gate for gate in gates if gate.std() > 0])
    assert len(drawn) == 150 and 0.09 < drawn.abs().max() < 0.1


def test_every_timestep_begins_with_the_gain():
    neuron = GLIF(gain=0.3).connect(C)
    build_for(neuron, T)
    torch.testing.assert_close(neuron.raw_gain.sigmoid(), torch.full((T, C), 0.3))


def test_no_weight_decay_and_gates_that_learn_slowly():
    groups = parameter_groups(GLIF(), lr=0.5)
    rates = {group.get("lr"): len(group["params"]) for group in groups}
    assert rates == {None: 5, 0.05: 3}
    assert {group["weight_decay"] for group in groups} == {0}


def test_it_may_be_built_for_more_timesteps_than_it_is_trained_for():
    neuron = GLIF(timesteps=T + 2).connect(C)
    assert (neuron.longest, neuron.raw_gain.shape) == (T + 2, (T + 2, C))
    with pytest.raises(UsageError, match="^timesteps: got 14, but the network was built for 7"):
        neuron(torch.zeros(2 * T + 4, N, C))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"v_threshold": 1.0}, "v_threshold: got 1.0, expected a number between 0 and 1"),
        ({"leak": 0.0}, "leak: got 0.0"),
        ({"decay": float("nan")}, "decay: got nan"),
        ({"gates": [0.5, 0.5]}, r"gates: got \[0.5, 0.5\], expected three numbers from 0 to 1"),
        ({"gates": [0.5, 0.5, 1.5]}, "gates: got"),
        ({"gates": 0.5}, "gates: got 0.5, expected three numbers from 0 to 1"),
        ({"timesteps": 0}, "timesteps: got 0, expected at least 1, or null for T_t"),
        ({"timesteps": 2.5}, "timesteps: got 2.5, expected a whole number"),
    ],
)
def test_values_out_of_range(options, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        GLIF(**options)
