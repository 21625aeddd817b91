import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, SpikingNet, resnet18, vgg9
from tssd.neurons import LIF
from tssd.objectives import (
    ExitCrossEntropy,
    ExitPlan,
    SelfDistillation,
    SpatialDistillation,
    TaskCrossEntropy,
    TemporalDistillation,
    Timesteps,
    as_sequence,
)
from tssd.progress import set_progress
from tssd.time import TimeFold

T_S, T_T, N, K = 2, 4, 3, 5
TARGET = torch.tensor([0, 4, 2])


def tiny_vgg():
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=1 / 16)


def images():
    return torch.randn(N, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Flat(nn.Module):
    """A network written elsewhere: [T, N, F] features, taps named like modules."""

    num_classes = K

    def __init__(self):
        super().__init__()
        self.layer = nn.Sequential(TimeFold(nn.Linear(6, 8)), LIF())
        self.head = TimeFold(nn.Linear(8, K))

    def resolve_tap(self, tap):
        assert tap == "layer.1"
        return tap

    def tap_shape(self, tap):
        return (8,)

    def forward(self, x, taps=()):
        spikes = self.layer(x)
        return NetOutput(self.head(spikes), dict.fromkeys(taps, spikes))


def all_terms(**weights):
    return {
        "task": TaskCrossEntropy(weight=weights.get("task", 1.0)),
        "temporal": TemporalDistillation(weight=weights.get("temporal", 1.0)),
        "spatial": SpatialDistillation(weight=weights.get("spatial", 1.0)),
        "exit_task": ExitCrossEntropy(weight=weights.get("exit_task", 1.0)),
    }


def connected(net, terms=None, **options):
    terms = all_terms() if terms is None else terms
    return SelfDistillation(terms, Timesteps(T_S, T_T), **options).connect(net)


def test_the_total_is_the_weighted_sum_of_unweighted_terms():
    weights = {"task": 1.0, "temporal": 0.5, "spatial": 2.0, "exit_task": 0.0}
    net = tiny_vgg()
    loss = connected(net, all_terms(**weights)).run(net, images(), TARGET)
    assert list(loss.terms) == list(weights)
    expected = sum(weights[name] * term.item() for name, term in loss.terms.items())
    assert loss.total.item() == pytest.approx(expected, rel=1e-6)
    assert all(term.shape == () and term > 0 for term in [loss.total, *loss.terms.values()])


def test_weights_ramp_with_the_progress_and_are_full_until_it_is_told():
    logits = torch.tensor([[[0.0, 0]], [[4, 0]]])  # T_s = 1: difference (-2, 0), mean square 2
    terms = {"task": TaskCrossEntropy("student"), "td": TemporalDistillation(ramp_epochs=10)}
    criterion = SelfDistillation(terms, Timesteps(1, 2)).connect(vgg9(num_classes=2, width=1 / 64))
    totals = [criterion(NetOutput(logits), torch.tensor([0])).total.item()]
    for epoch in (0, 5, 10, 20):
        set_progress(criterion, epoch, 30)
        totals.append(criterion(NetOutput(logits), torch.tensor([0])).total.item())
    assert totals == pytest.approx([math.log(2) + extra for extra in (2, 0, 1, 2, 2)])


def test_the_networks_weights_have_no_exit_and_the_criterions_no_network():
    net = tiny_vgg()
    before = list(net.state_dict())
    criterion = connected(net)
    criterion.run(net, images(), TARGET).total.backward()
    assert list(net.state_dict()) == before
    assert {key.split(".")[0] for key in criterion.state_dict()} == {"exits"}
    shared = {*map(id, net.parameters())} & {*map(id, criterion.parameters())}
    assert not shared


def test_one_exit_serves_all_terms():
    net = tiny_vgg()
    criterion = connected(net)
    assert criterion.taps == (1,)  # the default: after stage 1
    calls = []
    criterion.exits["1"].register_forward_hook(lambda *_: calls.append(1))
    out = net(as_sequence(images(), TARGET, T_T), criterion.taps)
    terms = criterion(out, TARGET).terms
    assert len(calls) == len(criterion.exits) == 1
    early, network = out.exits[1], out.logits[:T_S].mean(0)
    torch.testing.assert_close(terms["spatial"], (early[:T_S] - network).square().mean())
    ends = [F.cross_entropy(early[:t].mean(0), TARGET) for t in (T_S, T_T)]
    torch.testing.assert_close(terms["exit_task"], (ends[0] + ends[1]) / 2)


def test_a_place_named_twice_gets_one_exit():
    net = tiny_vgg()
    criterion = connected(net, exits=ExitPlan([-1, 0, 3]))
    assert criterion.taps == (3, 0)
    out = net(as_sequence(images(), TARGET, T_T), criterion.taps)
    spatial = criterion(out, TARGET).terms["spatial"]
    assert set(out.exits) == {0, 3}
    network = out.logits[:T_S].mean(0)
    each = [(out.exits[tap][:T_S] - network).square().mean() for tap in (0, 3)]
    torch.testing.assert_close(spatial, (each[0] + each[1]) / 2)


def test_a_plan_serves_networks_of_different_depth():
    plan = ExitPlan([-1])
    assert connected(tiny_vgg(), exits=plan).taps == (3,)
    deeper = resnet18(num_classes=K, image_size=16, width=1 / 16)
    assert connected(deeper, exits=plan).taps == (4,)


def test_another_network_gets_exits_of_its_own_alone():
    criterion = connected(tiny_vgg())
    before = {*criterion.exits}
    criterion.connect(resnet18(num_classes=K, image_size=16, width=1 / 16))
    assert len(criterion.exits) == len(criterion.taps) == 1 and not before & {*criterion.exits}


def test_every_parameter_of_network_and_exit_gets_a_gradient():
    net = tiny_vgg()
    criterion = connected(net)
    criterion.run(net, images(), TARGET).total.backward()
    named = [*net.named_parameters(), *criterion.named_parameters()]
    assert not [name for name, p in named if p.grad is None or not p.grad.any()]


def test_the_exit_teaches_the_layers_below_its_tap_only():
    net = tiny_vgg()
    connected(net, {"exit": ExitCrossEntropy()}).run(net, images(), TARGET).total.backward()
    below, above = net.stages[:2].parameters(), net.stages[2:].parameters()
    assert all(p.grad is not None and p.grad.any() for p in below)
    assert all(p.grad is None for p in [*above, *net.head.parameters()])


def test_a_network_without_exits_is_not_tapped():
    net = tiny_vgg()
    criterion = connected(net, {"task": TaskCrossEntropy()})
    assert criterion.taps == ()
    assert not list(criterion.parameters())


def test_images_and_their_written_out_sequences_have_the_same_loss():
    net = tiny_vgg().double()
    criterion = connected(net).double()
    x = images().double()
    once = criterion.run(net, x, TARGET)
    sequence = x.repeat(T_T + 1, 1, 1, 1, 1)  # one step more than the teacher looks at
    torch.testing.assert_close(criterion.run(net, sequence, TARGET).terms, once.terms)


@pytest.mark.parametrize("shape", [(N, 6), (T_T, N, 6)])
def test_flat_features_and_taps_by_name(shape):
    torch.manual_seed(0)
    net = Flat()
    assert isinstance(net, SpikingNet)
    criterion = connected(net, exits=ExitPlan(["layer.1"], channels=4))
    loss = criterion.run(net, torch.randn(shape) * 3, TARGET)
    loss.total.backward()
    assert criterion.taps == ("layer.1",)
    # Linear to 4 features, their norm, linear to the classes.
    assert sum(p.numel() for p in criterion.parameters()) == 8 * 4 + 2 * 4 + 4 * K + K
    assert all(p.grad is not None and p.grad.any() for p in criterion.parameters())


def test_losses_repeat_and_survive_a_copy_and_a_checkpoint():
    net = tiny_vgg()
    criterion = connected(net)
    once = criterion.run(net, images(), TARGET).total
    assert torch.equal(criterion.run(net, images(), TARGET).total, once)
    assert torch.equal(copy.deepcopy(criterion).run(net, images(), TARGET).total, once)

    torch.manual_seed(1)
    other = connected(net)
    assert not torch.equal(other.run(net, images(), TARGET).total, once)
    other.load_state_dict(criterion.state_dict())
    assert torch.equal(other.run(net, images(), TARGET).total, once)


def test_the_temporal_term_refuses_a_vanilla_network_when_connected():
    terms = {"task": TaskCrossEntropy(), "temporal": TemporalDistillation()}
    criterion = SelfDistillation(terms, Timesteps(2, 2))
    with pytest.raises(UsageError, match="needs student < teacher"):
        criterion.connect(tiny_vgg())


def test_an_unknown_tap_is_refused_when_connected():
    with pytest.raises(UsageError, match="tap: got 7, expected a stage from 0 to 3"):
        connected(tiny_vgg(), exits=ExitPlan([1, 7]))


def test_no_term_is_refused():
    with pytest.raises(UsageError, match="^objectives: none given"):
        SelfDistillation({}, Timesteps(1, 2))
