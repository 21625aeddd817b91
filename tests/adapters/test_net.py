import copy
import pickle

import pytest
import torch
from torch import nn

import tssd
from tssd.adapters import AdaptedNet, adapt
from tssd.errors import UsageError
from tssd.models import SpikingNet
from tssd.objectives import SelfDistillation

from .nets import CLASSES, BatchFirst, LoopInside, Plain, images, sequence


class Unstaged(nn.Module):
    """A StagedNet's parts as somebody else would have put them together."""

    def __init__(self, net: tssd.StagedNet) -> None:
        super().__init__()
        self.stages = net.stages
        self.head = net.head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for stage in self.stages:
            x = stage(x)
        return self.head(x)


def criterion_for(net: SpikingNet, tap: int | str) -> SelfDistillation:
    torch.manual_seed(7)  # the exit's weights
    return tssd.tssd(2, 4, tap=tap).connect(net)


def loss_and_gradients(net, tap: int | str, x: torch.Tensor, y: torch.Tensor):
    net.zero_grad()
    criterion = criterion_for(net, tap)
    loss = criterion.run(net, x, y)
    loss.total.backward()
    parameters = [*net.parameters(), *criterion.parameters()]
    return loss, [p.grad.clone() for p in parameters]


def test_loss_and_gradients_are_those_of_the_same_network_in_stages():
    torch.manual_seed(0)
    staged = tssd.vgg9(1, CLASSES, 16, width=1 / 16)
    x, y = torch.rand(4, 6, 1, 16, 16), torch.arange(6) % CLASSES
    adapted = adapt(Unstaged(staged), ["stages.1"], example=x)

    loss, gradients = loss_and_gradients(staged, 1, x, y)
    other, others = loss_and_gradients(adapted, "stages.1", x, y)

    assert torch.equal(loss.total, other.total)
    assert set(loss.terms) == {"task", "temporal", "spatial", "exit_task"}
    assert all(torch.equal(loss.terms[name], other.terms[name]) for name in loss.terms)
    assert all(g.abs().sum() > 0 for g in gradients)
    assert all(torch.equal(a, b) for a, b in zip(gradients, others, strict=True))


def test_images_repeated_in_time_give_the_same_as_in_stages():
    torch.manual_seed(0)
    staged = tssd.vgg9(1, CLASSES, 16, width=1 / 16).eval()
    x = tssd.repeat_in_time(torch.rand(6, 1, 16, 16), 4)
    adapted = adapt(Unstaged(staged), ["stages.1"], example=x[0]).eval()

    expected, found = staged(x, [1]), adapted(x, ["stages.1"])

    torch.testing.assert_close(found.logits, expected.logits)
    torch.testing.assert_close(found.taps["stages.1"], expected.taps[1])


def test_declares_what_a_spiking_net_must():
    net = adapt(Plain(), ["stem"], example=images(4))
    assert isinstance(net, SpikingNet)
    assert isinstance(net, AdaptedNet)
    assert net.num_classes == CLASSES
    assert net.resolve_tap("stem") == "stem"
    assert net.tap_shape("stem") == (6, 8, 8)


def test_a_module_of_a_sequential_may_be_named_by_its_number():
    x = images(4)
    layers = [tssd.TimeFold(nn.Flatten(), nn.Linear(x[0].numel(), 8)), nn.Linear(8, CLASSES)]
    net = adapt(nn.Sequential(*layers), [0], example=x)
    assert net.resolve_tap(0) == net.resolve_tap("0") == "0"
    with pytest.raises(UsageError, match="^tap: got 2, expected one of 0; add taps with"):
        net.resolve_tap(2)


def test_the_networks_own_state_dict_is_untouched():
    mine = Plain()
    keys, values = list(mine.state_dict()), [v.clone() for v in mine.state_dict().values()]
    net = adapt(mine, ["stem"], example=images(4))
    assert net.module is mine
    assert list(mine.state_dict()) == keys
    assert all(torch.equal(a, b) for a, b in zip(mine.state_dict().values(), values, strict=True))


def test_without_taps_it_trains_by_the_temporal_terms():
    net = adapt(Plain(), example=images(4))
    assert net(sequence(3, 2)).taps == {}
    loss = tssd.vanilla(2).connect(net).run(net, images(4), torch.zeros(4, dtype=torch.long))
    assert loss.total.isfinite()


@pytest.mark.parametrize("taps", [[], ["stem"], ["stem.1", "stem", "stem"]])
def test_tapping_leaves_the_logits_unchanged(taps):
    net = adapt(Plain(), ["stem", "stem.1"], example=images(4)).eval()
    x = sequence(3, 5)
    out = net(x, taps)
    assert torch.equal(out.logits, net.module(x))
    assert set(out.taps) == set(taps)
    assert all(torch.equal(tap, net.module.stem(x)) for tap in out.taps.values())


@pytest.mark.parametrize("steps", [1, 2, 4, 5])
@pytest.mark.parametrize("samples", [1, 2, 4])
def test_all_arrangements_of_a_tap_come_out_time_first(steps, samples):
    x = sequence(steps, samples)

    looping = adapt(LoopInside(), ["conv"], example=x.new_ones(3, 1, 8, 8))
    conv = looping.module.conv
    expected = torch.stack([conv(x_t) for x_t in x])
    assert torch.equal(looping(x, ["conv"]).taps["conv"], expected)

    batched = adapt(BatchFirst(), ["conv", "decay"], example=images(3), layout="batch_first").eval()
    out = batched(x, ["conv", "decay"])
    conv = batched.module.conv(x.flatten(0, 1)).unflatten(0, (steps, samples))
    torch.testing.assert_close(out.taps["conv"], conv)
    membrane = torch.zeros_like(conv[0])
    for t in range(steps):
        membrane = 0.5 * membrane + conv[t]
        torch.testing.assert_close(out.taps["decay"][t], membrane)
        logits = batched.module.head(membrane.flatten(1))
        torch.testing.assert_close(out.logits[t], logits)


@pytest.mark.parametrize(("steps", "samples"), [(1, 1), (1, 3), (3, 1), (3, 3), (4, 2)])
def test_a_folded_tap_is_unfolded(steps, samples):
    # N = 1 and one channel: [T*N, C, H, W] then looks like [T, N, H, W].
    conv = nn.Conv2d(1, 1, 3, padding=1)
    net = adapt(
        nn.Sequential(tssd.TimeFold(conv), nn.Flatten(2), nn.Linear(64, 3)),
        ["0.0"],
        example=images(2),
    )
    x = sequence(steps, samples)
    tap = net(x, ["0.0"]).taps["0.0"]
    assert tap.shape == (steps, samples, 1, 8, 8)
    torch.testing.assert_close(tap, torch.stack([conv(x_t) for x_t in x]))


def test_the_callers_images_survive_a_network_that_changes_its_input_in_place():
    class Halving(nn.Sequential):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input.div_(2).flatten(2))

    x = images(4)
    before = x.clone()
    net = adapt(Halving(nn.Linear(64, 3)), example=x)
    net(tssd.repeat_in_time(x, 1))
    logits = net(tssd.repeat_in_time(x, 3)).logits
    assert torch.equal(x, before)
    torch.testing.assert_close(logits[2], net.module[0](x.flatten(1) / 2))


def test_hooks_are_gone_after_a_call_even_if_it_failed():
    net = adapt(Plain(), ["stem"], example=images(4))
    net(sequence(2, 2), ["stem"])
    with pytest.raises(RuntimeError):
        net(torch.rand(2, 3, 7, 8, 8), ["stem"])
    assert not any(part._forward_hooks for part in net.modules())


def test_refuses_input_that_is_no_sequence_and_names_the_remedy():
    net = adapt(Plain(), example=images(4))
    with pytest.raises(tssd.UsageError, match=r"got shape \[4, 1, 8, 8\].*repeat_in_time"):
        net(images(4))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_computes_the_same(copied):
    net = adapt(Plain(), ["stem"], example=images(4)).eval()
    x = sequence(3, 2)
    expected, found = net(x, ["stem"]), copied(net)(x, ["stem"])
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(found.taps["stem"], expected.taps["stem"])


def test_steps_are_refused_with_the_remedy():
    net = adapt(Plain(), [], example=images(3))
    for ask in (net.initial_state, net.step, net.scan):
        with pytest.raises(UsageError, match=r"^net: a Plain that was .* no steps .*\.module"):
            ask(images(3))
