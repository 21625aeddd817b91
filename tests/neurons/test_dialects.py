"""The parts that are dialects of the LIF: each is what its row of the table says."""

import pytest
import torch

import tssd
from tssd.config.compose import layers
from tssd.config.make import build_net
from tssd.config.pieces import rooms
from tssd.config.recipe import merge
from tssd.errors import UsageError
from tssd.neurons import IF, LIF, Neuron
from tssd.surrogates import ATan, Rectangular, Sigmoid, Triangular
from tssd.testing import check_neuron

from .test_peers import normal

# Decay, gain of the input, threshold, reset (None = soft), reset's gradient detached, whether it
# fires above the threshold only, surrogate (None = a part of its own).
DIALECTS = {
    "lif_tet": (0.5, 1, 1, 0, False, True, Triangular(1.0)),
    "lif_tdbn": (0.25, 1, 0.5, 0, False, True, Rectangular(1.0)),
    "lif_tebn": (0.25, 1, 1, 0, False, True, Triangular(1.0)),
    "lif_guo": (0.25, 1, 0.5, 0, False, True, None),
    "lif_jointasnn": (0.25, 1, 0.5, 0, False, False, Rectangular(1.0)),
    "lif_asgl": (0.5, 1, 0.5, 0, False, False, None),
    "lif_sml": (0.5, 1, 1, 0, False, False, None),
    "lif_sltt": (1 - 1 / 1.1, 1, 1, None, False, False, Triangular(1.0)),
    "lif_spikformer": (0.5, 0.5, 1, 0, True, False, ATan(2.0)),
    "if_sew": (1, 1, 1, 0, True, False, ATan(2.0)),
    "lif_tdd": (0.5, 1, 1, 0, False, False, Sigmoid(4.0)),
    "lif_esd": (0.2, 1, 1, None, True, False, Sigmoid(4.0)),
    "lif_tks": (0.5, 0.5, 0.5, 0, True, True, Triangular(0.5)),
}
PARTS = [*DIALECTS, "plif", "glif", "mlf", "mlf2"]
TINY = {"in_channels": 1, "num_classes": 7, "image_size": 16, "width": 1 / 32}


@pytest.fixture(scope="module")
def nets():
    """Tiny networks of digits+vgg9 with each part."""
    built = {}
    for name in PARTS:
        torch.manual_seed(0)
        net = merge(layers(f"digits+vgg9+{name}"))["net"]
        net["init_args"] |= TINY
        built[name] = build_net(net)
    return built


def neuron_of(net):
    return next(part for part in net.modules() if isinstance(part, Neuron))


def loop(x, decay, gain, threshold, reset, detach, strict, surrogate):
    """The recurrence as those systems write it, with u before and v after the reset."""
    v, spikes = torch.zeros_like(x[0]), []
    for x_t in x:
        u = decay * v + gain * x_t
        s = u - threshold
        hard = (s > 0 if strict else s >= 0).to(s.dtype)
        soft = surrogate.primitive(s)
        o = hard + soft - soft.detach()
        r = o.detach() if detach else o
        v = u - threshold * r if reset is None else u * (1 - r)
        spikes.append(o)
    return torch.stack(spikes)


def test_no_dialect_is_without_its_row():
    assert [name for name in rooms()["parts"] if name[:3] in ("lif", "if_")] == sorted(DIALECTS)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_is_its_recurrence(nets, name):
    neuron, row = neuron_of(nets[name]), DIALECTS[name]
    assert type(neuron) is (IF if name == "if_sew" else LIF)
    surrogate = row[-1] or Rectangular()  # the default, until a part brings theirs
    assert neuron.surrogate == surrogate
    decay, gain, threshold, reset, detach, strict, _ = row
    found = neuron.dynamics
    assert (found.decay, found.gain) == (pytest.approx(decay, abs=1e-12), gain)
    assert (found.threshold, found.v_reset, found.offset) == (threshold, reset, 0)
    assert (found.detach_reset, found.strict) == (detach, strict)

    x = normal(0, torch.double).requires_grad_()
    expected = loop(x, *row[:-1], surrogate)
    spikes = neuron(x)
    assert torch.equal(spikes, expected.round())
    weights = torch.arange(x.numel(), dtype=x.dtype).cos().view_as(x)
    (g,) = torch.autograd.grad((spikes * weights).sum(), x)
    (h,) = torch.autograd.grad((expected * weights).sum(), x)
    torch.testing.assert_close(g, h)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_keeps_the_contract(nets, name):
    check_neuron(nets[name].make_neuron, drive=2.0)


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("low", [False, True], ids=["float32", "bfloat16"])
def test_every_weight_gets_a_gradient(nets, name, low):
    net, criterion = nets[name], tssd.tssd(student=1, teacher=3)
    criterion.connect(net)
    x = torch.randn(16, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        loss = criterion.run(net, x, torch.arange(16) % 7).total
    parameters = dict(net.named_parameters()) | dict(criterion.named_parameters())
    grads = torch.autograd.grad(loss, list(parameters.values()))
    silent = [
        n for n, g in zip(parameters, grads, strict=True) if not (g.isfinite().all() and g.any())
    ]
    assert not silent


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lif_tet+lif_tebn", "lif_tet and lif_tebn both set net.neuron; leave one out"),
        ("lif_tet+atan", "lif_tet and atan both set net.neuron.surrogate; leave one out"),
        ("lif_sltt+hard_reset", "both set net.neuron.v_reset; leave one out"),
        ("lif_tet+if", "lif_tet and if both set net.neuron; leave one out"),
        ("mlf+plif", "mlf and plif both set net.neuron; leave one out"),
    ],
)
def test_two_neurons_at_once_are_refused(name, message):
    with pytest.raises(UsageError) as error:
        layers(f"digits+vgg9+{name}")
    assert message in str(error.value)


def test_what_leaves_something_to_another_part_takes_it():
    neuron = merge(layers("digits+vgg9+lif_guo+atan+hard_reset"))["net"]["init_args"]["neuron"]
    assert neuron["init_args"]["surrogate"] == {"class_path": "tssd.surrogates.ATan"}
