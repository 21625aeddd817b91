"""Joint A-SNN: values, what is shared, and what passes a gradient."""

import math
from contextlib import nullcontext

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tssd.config.compose import layers
from tssd.config.recipe import merge
from tssd.errors import UsageError
from tssd.models import FactoredWeights, resnet18, vgg9
from tssd.models.base import NetOutput
from tssd.neurons import Neuron
from tssd.objectives import JointANN, SelfDistillation, Timesteps
from tssd.objectives.joint import ann_of, masked_distance


def factored(make=vgg9, **options):
    torch.manual_seed(0)
    net = make(in_channels=1, image_size=16, width=1 / 32, **options)
    FactoredWeights().put_into(net)
    return net


@pytest.fixture
def batch():
    return torch.rand(6, 1, 16, 16, generator=torch.Generator().manual_seed(1)), torch.arange(6)


class Answer(nn.Module):
    """An ANN that says and shows the same whatever it is asked."""

    def __init__(self, logits, *features):
        super().__init__()
        self.said = NetOutput(logits, dict(enumerate(features)))

    def forward(self, x, taps):
        self.asked = x
        return self.said


@pytest.mark.parametrize("summed", [True, False])
def test_the_end_alone_by_hand(summed):
    """Two classes, no head on the way: log 3 = odds of 3 to 1 for the network, of 1 to 1."""
    term = JointANN(imitation=0.25, temperature=1.0, feature_weight=0.5, summed=summed)
    logits = torch.tensor([[[math.log(3), 0.0]], [[0.0, 0.0]]])
    logits = logits if summed else logits * 2  # sums of the one are the means of the other
    spikes = torch.tensor([[[1.0, 0.0, -1.0]], [[1.0, 0.0, 0.0]]]) * (1 if summed else 2)
    # By default T = T_s: what comes later does not count.
    later = torch.tensor([[[9.0, -9.0, 5.0]]])
    out = NetOutput(
        torch.cat([logits, later[..., :2]]),
        {0: torch.cat([spikes, later])},
        input=torch.tensor([1.0, 2.0, 6.0]).view(3, 1, 1),
    )
    term.taps, term._timesteps = (0,), Timesteps(2, 3)
    term.ann = Answer(torch.zeros(1, 1, 2), torch.tensor([[[0.5, 0.5, -3.0]]]))
    for of in ("network", "ann"):
        term.adaptors[of], term.heads[of] = nn.ModuleList(), nn.ModuleList()
    labels = math.log(4) + math.log(2)  # the network says 1/4 of class 1, the ANN 1/2
    alike = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    far = 1.5**2 + 0.5**2  # where both are below 0 nothing counts
    expected = 0.75 * labels + 0.25 * alike + 0.5 * far
    assert term(out, torch.tensor([1])).item() == pytest.approx(expected, rel=1e-5)
    assert term.ann.asked.tolist() == [[[3.0]]]  # the mean of the input over time


def kl(p, q):
    """Of two classes, by the shares of the first."""
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def with_a_head(features, of_ann, ann=None, **options):
    """A loss with one head on the way that says its features, and what it is of.

    Shares of the first class: network 3/4 at the end, ANN 1/2, unless `ann` says and shows others.
    """
    options = {"imitation": 0.25, "temperature": 1.0, "feature_weight": 0.5} | options
    term = JointANN(**options)
    same = torch.tensor([[[1.0, 0.0]]])
    out = NetOutput(
        torch.tensor([[[math.log(3), 0.0]]]), {0: features, 1: same}, input=torch.zeros(1, 1, 1)
    )
    term.taps, term._timesteps = (0, 1), Timesteps(1, 1)
    says, shows = ann or (torch.zeros(1, 1, 2), same / 2)
    term.ann = Answer(says, of_ann, shows)
    for of in ("network", "ann"):
        term.adaptors[of] = nn.ModuleList([nn.Identity()])
        term.heads[of] = nn.ModuleList([nn.Identity()])
    return term(out, torch.tensor([1]))


# What the heads on the way say: the network 9/10 for the first class, the ANN 1/4.
OWN, OF_ANN = torch.tensor([[[math.log(9), 0.0]]]), torch.tensor([[[0.0, math.log(3)]]])


def test_a_head_on_the_way_by_hand():
    labels = math.log(10) + math.log(4) + math.log(4 / 3) + math.log(2)
    alike = kl(0.25, 0.9) + kl(0.5, 0.75) + kl(0.5, 0.25)  # of network, network, ANN
    far = math.log(9) ** 2 + math.log(3) ** 2 + 0.5**2
    expected = 0.75 * labels + 0.25 * alike + 0.5 * far
    assert with_a_head(OWN, OF_ANN).item() == pytest.approx(expected, rel=1e-5)


def test_what_a_head_on_the_way_passes_on():
    own, of_ann = OWN.clone().requires_grad_(), OF_ANN.clone().requires_grad_()
    with_a_head(own, of_ann).backward()
    p, q, y = (torch.tensor(v) for v in ([0.9, 0.1], [0.25, 0.75], [0.0, 1.0]))
    expected = 0.75 * (p - y) + 0.25 * (p - q) + (OWN - OF_ANN)[0, 0]
    torch.testing.assert_close(own.grad[0, 0], expected)
    # The ANN's head learns its labels and the ANN's end, not to be where the network is.
    torch.testing.assert_close(of_ann.grad[0, 0], 0.75 * (q - y) + 0.25 * (q - 0.5))


def test_divergences_are_at_the_temperature_and_labels_are_not():
    labels = math.log(10) + math.log(4) + math.log(4 / 3) + math.log(2)
    # At temperature 2 the network says 3/4 on the way, sqrt 3 to 1 at the end; the ANN 1 to sqrt 3.
    more, less = 3**0.5 / (1 + 3**0.5), 1 / (1 + 3**0.5)
    alike = 4 * (kl(less, 0.75) + kl(0.5, more) + kl(0.5, less))
    found = with_a_head(OWN, OF_ANN, temperature=2.0, feature_weight=0.0)
    assert found.item() == pytest.approx(0.75 * labels + 0.25 * alike, rel=1e-5)


def test_labels_alone_are_left_where_network_and_ann_agree():
    end = torch.tensor([[[math.log(3), 0.0]]])
    own = end.clone().requires_grad_()
    found = with_a_head(own, end.clone(), ann=(end, torch.tensor([[[1.0, 0.0]]])))
    found.backward()
    assert found.item() == pytest.approx(0.75 * 4 * math.log(4))
    torch.testing.assert_close(own.grad[0, 0], torch.tensor([0.75 * 0.75, -0.75 * 0.75]))


def test_features_are_compared_as_means_over_the_map(batch):
    net = factored()
    term = JointANN(feature_weight=1.0).connect(net, Timesteps(1, 1))
    out = net(batch[0].unsqueeze(0), term.taps)
    _, features = term._heads(out, "network")
    assert [each.shape for each in features] == [(6, net.tap_shape(-1)[0])] * 4
    torch.testing.assert_close(features[-1], out.taps[3][0].mean((2, 3)))


def test_the_end_gets_no_head_of_its_own():
    term = JointANN([-1, 0]).connect(factored(), Timesteps(1, 1))
    assert (term.taps, len(term.heads["network"])) == ((0, 3), 1)


def test_masked_distance_by_hand():
    student = torch.tensor([[1.0, -1.0, 0.0], [-2.0, 0.5, 3.0]])
    teacher = torch.tensor([[0.0, 2.0, 0.0], [-1.0, 0.5, 1.0]])
    assert masked_distance(student, teacher).item() == (1 + 9 + 4) / 2


@pytest.mark.parametrize("make", [vgg9, resnet18])
def test_the_ann_is_the_network_without_spikes_and_shares_singular_vectors(make):
    net = factored(make)
    ann = ann_of(net)
    assert not any(isinstance(part, Neuron) for part in ann.modules())
    names = {name for name, _ in ann.named_parameters()}
    assert not any(name.endswith(("left", "right")) for name in names)
    shared = {id(p) for p in net.parameters()} & {id(p) for p in ann.parameters()}
    assert not shared
    # With the network's own values it is the same network with ReLU.
    plain = make(in_channels=1, image_size=16, width=1 / 32, neuron=nn.ReLU)
    FactoredWeights().put_into(plain)
    plain.load_state_dict(net.state_dict())
    x = torch.rand(1, 3, 1, 16, 16)
    assert torch.equal(ann.eval()(x).logits, plain.eval()(x).logits)


def test_the_ann_has_no_neurons_of_another_library_either():
    neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
    ann = ann_of(factored(neuron=lambda: neuron.LIFNode(step_mode="m"))).eval()
    plain = factored(neuron=nn.ReLU).eval()
    x = torch.rand(1, 3, 1, 16, 16)
    assert torch.equal(ann(x).logits, plain(x).logits)


@pytest.mark.parametrize("precision", [nullcontext(), torch.autocast("cpu", torch.bfloat16)])
def test_everything_learns(batch, precision):
    net, term = factored(), JointANN(span="teacher")
    loss = SelfDistillation({"task": term}, Timesteps(2, 3)).connect(net)
    with precision:
        loss.run(net, *batch).total.backward()
    for name, p in [*net.named_parameters(), *term.named_parameters()]:
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.any(), name
    assert len(term.heads["network"]) == 3


def test_the_ann_trains_what_is_shared_and_not_the_network_s_own(batch):
    net = factored()
    term = JointANN(imitation=0.0, feature_weight=0.0).connect(net, Timesteps(1, 1))
    x = batch[0].unsqueeze(0)
    with torch.no_grad():  # so that the network itself passes nothing on
        out = net(x, term.taps)
    out.input = x
    term(out, batch[1]).backward()
    conv = net.stages[0][0][0][0]
    assert conv.left.grad.any() and conv.right.grad.any()
    assert conv.scale.grad is None


def test_teachers_pass_no_gradient(batch):
    net = factored()
    term = JointANN(imitation=0.5).connect(net, Timesteps(1, 1))
    x = batch[0].unsqueeze(0)
    out = net(x, term.taps)
    out.input = x
    with_labels = term(out, batch[1])
    kept = term.ann.head[-1].weight
    (own,) = torch.autograd.grad(with_labels, kept, retain_graph=True)
    # What the ANN's end learns is its labels: (1 - a) CE.
    ann = term.ann(x, term.taps)
    (labels,) = torch.autograd.grad(0.5 * F.cross_entropy(ann.logits[0], batch[1]), kept)
    torch.testing.assert_close(own, labels)


def test_recipes():
    config = merge(layers("cifar10+vgg9+jointasnn+tssd"))
    assert config["weights"]["class_path"] == "tssd.models.FactoredWeights"
    assert list(config["objectives"])[:1] == ["task"]
    with pytest.raises(UsageError, match="qat7 and jointasnn both set weights"):
        layers("digits+vgg9+qat7+jointasnn")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"imitation": 1.0}, "imitation: got 1.0, expected a share from 0 to less than 1"),
        ({"feature_weight": -1.0}, "feature_weight: got -1.0, expected a finite number >= 0"),
        ({"span": "both"}, "span: got 'both', expected student or teacher"),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(UsageError, match=message):
        JointANN(**options)


def test_networks_that_share_nothing_are_refused():
    with pytest.raises(UsageError, match="add --weights tssd.models.FactoredWeights"):
        ann_of(vgg9(image_size=16, width=1 / 32))
    with pytest.raises(UsageError, match="knows networks of tssd"):
        ann_of(nn.Sequential())
