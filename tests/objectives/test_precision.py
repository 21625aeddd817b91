"""The loss is taken in float32 at least, and exits follow the network's type."""

import copy

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.evaluation import evaluate
from tssd.models import NetOutput, vgg9
from tssd.neurons import LIF
from tssd.objectives import SelfDistillation, TemporalDistillation, Timesteps
from tssd.time import TimeFold, time_mean

N, K = 6, 4
Y = torch.arange(N) % K
TYPES = [torch.float64, torch.bfloat16, torch.float16]


def layers():
    torch.manual_seed(0)
    return nn.Sequential(TimeFold(nn.Linear(8, 16)), LIF(), TimeFold(nn.Linear(16, K)))


def images(dtype=torch.float32):
    return (torch.rand(N, 8, generator=torch.Generator().manual_seed(0)) * 3).to(dtype)


def adapted(dtype):
    return tssd.adapt(layers().to(dtype), taps=["1"], example=images(dtype))


@pytest.mark.parametrize("dtype", TYPES)
def test_exits_have_the_networks_type(dtype):
    net = adapted(dtype)
    criterion = tssd.tssd(2, 4).connect(net)
    assert {p.dtype for p in criterion.parameters()} == {dtype}
    loss = criterion.run(net, images(dtype), Y)
    loss.total.backward()
    wanted = torch.promote_types(dtype, torch.float32)
    assert {term.dtype for term in [loss.total, *loss.terms.values()]} == {wanted}
    assert all(p.grad.isfinite().all() for p in [*net.parameters(), *criterion.parameters()])


@pytest.mark.parametrize("dtype", TYPES)
def test_a_network_may_change_its_type_after_it_was_connected(dtype):
    net = adapted(torch.float32)
    criterion = tssd.tssd(2, 4).connect(net)
    expected = criterion.run(net, images(), Y).terms["exit_task"]
    net.to(dtype)
    found = criterion.run(net, images(dtype), Y).terms["exit_task"]
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0, check_dtype=False)


def test_a_network_on_another_device_is_refused():
    net = vgg9(num_classes=K, image_size=16, width=1 / 64)
    criterion = tssd.tssd(2, 4).connect(net)
    taps = {tap: torch.zeros(4, N, *net.tap_shape(tap), device="meta") for tap in criterion.taps}
    with pytest.raises(UsageError, match="^exits: the exit is on cpu, .* on meta; move"):
        criterion.add_exits(NetOutput(torch.zeros(4, N, K), taps))


def logit_gradient(logits, dtype, criterion):
    """Gradient of the loss by logits that were rounded to a type."""
    low = logits.to(dtype).requires_grad_()
    criterion(NetOutput(low), Y).total.backward()
    return low.grad.double()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_temporal_gradient_is_as_good_as_its_logits_are(dtype):
    # Means that hardly differ: in half precision little of their difference would be left.
    torch.manual_seed(0)
    logits = 3 * torch.randn(1, N, K).double() + 0.1 * torch.randn(4, N, K).double()
    logits = logits.to(dtype).double()  # the oracle sees the same logits
    net = vgg9(num_classes=K, width=1 / 64)
    criterion = SelfDistillation({"td": TemporalDistillation()}, Timesteps(2, 4)).connect(net)
    exact = logit_gradient(logits, torch.float64, criterion)
    (by_hand,) = torch.autograd.grad(
        (time_mean(z := logits.requires_grad_(), 2) - time_mean(z, 4)).square().mean(), z
    )
    torch.testing.assert_close(exact, by_hand)
    found = logit_gradient(logits.detach(), dtype, criterion)
    # What rounding the result to the logits' type costs, and not more.
    assert ((found - exact).norm() / exact.norm()) < torch.finfo(dtype).eps / 2
    in_half = logits.detach().to(dtype).requires_grad_()
    objective = criterion.terms["td"]
    objective(NetOutput(in_half), Y).backward()
    assert ((in_half.grad.double() - exact).norm() / exact.norm()) > 5 * torch.finfo(dtype).eps


def test_under_autocast_terms_of_both_classifiers_are_in_float32():
    net = adapted(torch.float32)
    criterion = tssd.tssd(2, 4).connect(net)
    seen = []

    class Noted(TemporalDistillation):
        def forward(self, out, target):
            seen.extend([out.logits.dtype, *(early.dtype for early in out.exits.values())])
            return super().forward(out, target)

    noted = SelfDistillation({**criterion.terms, "n": Noted()}, Timesteps(2, 4)).connect(net)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(tssd.repeat_in_time(images(), 4), noted.taps)
        assert out.logits.dtype == torch.bfloat16
        loss = noted(out, Y)
    loss.total.backward()
    assert set(seen) == {torch.float32} and len(seen) == 2


def test_in_float32_nothing_changes():
    net = vgg9(num_classes=K, image_size=16, width=1 / 32)
    criterion = tssd.tssd(2, 4).connect(net)
    x = torch.rand(N, 3, 16, 16)
    out = net(tssd.repeat_in_time(x, 4), criterion.taps)
    loss = criterion(copy.copy(out), Y)
    student, teacher = out.logits[:2].mean(0), out.logits[:4].mean(0)
    assert torch.equal(loss.terms["temporal"], (student - teacher).square().mean())


@pytest.mark.parametrize("dtype", TYPES)
def test_counts_of_events_become_the_networks_type(dtype):
    net = adapted(dtype)
    counts = torch.randint(0, 3, (4, N, 8), dtype=torch.uint8)
    criterion = tssd.tssd(2, 4).connect(net)
    expected = criterion.run(net, counts.to(dtype), Y).total
    assert torch.equal(criterion.run(net, counts, Y).total, expected)
    whole = evaluate(net, [(counts, Y)], 4)
    assert whole == evaluate(net, [(counts.to(dtype), Y)], 4)


def test_an_input_of_another_type_is_named_where_the_network_fails_on_it():
    net = adapted(torch.float32)
    message = r"^input: got float64, .* weights are float32, .*; pass x.to\(torch.float32\)$"
    with pytest.raises(UsageError, match=message):
        tssd.tssd(2, 4).connect(net).run(net, images(torch.float64), Y)
    with pytest.raises(UsageError, match=message):
        evaluate(net, [(images(torch.float64), Y)], 4)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):  # another mistake stays
        tssd.tssd(2, 4).connect(net).run(net, torch.rand(N, 7), Y)
