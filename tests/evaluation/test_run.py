"""One pass equals many, and nothing of the network changes."""

import copy

import pytest
import torch
from spikingjelly.activation_based import functional, neuron
from torch import nn

import tssd
from tssd.adapters import adapt
from tssd.errors import UsageError
from tssd.evaluation import EnergyModel, accuracy_at_every_timestep, evaluate
from tssd.models import resnet18, vgg9
from tssd.objectives import ExitCrossEntropy, ExitPlan, SelfDistillation
from tssd.time import time_mean

from .nets import PencilNet, firing_net, labelled_images, pencil_batches, scale_batch_norms

builders = pytest.mark.parametrize("build", [vgg9, resnet18])
T = 4


def criterion_for(net, tap=1):
    torch.manual_seed(1)
    criterion = tssd.tssd(2, T, tap=tap).connect(net).double()
    x = torch.randn(T, 8, 3, 16, 16, dtype=torch.double)
    scale_batch_norms(criterion)
    with torch.no_grad():
        criterion.add_exits(net(x, criterion.taps))
        for early in criterion.exits.values():
            early.head[-1].weight.mul_(30)  # confidences of all sizes
    return criterion


def test_the_pencil_network_by_hand():
    result = evaluate(PencilNet(), pencil_batches(8, 3), T, report_at=2)
    assert (result.timesteps, result.report_at, result.samples) == (T, 2, 8)
    assert result.accuracy == (0.5,) * T
    assert result.confusion == ((4, 0), (4, 0))
    # Logits: class 0 has 3 a step, class 1 has 0, 3, 0, 3: means of their gap 3, 1.5, 2, 1.5.
    gap = torch.tensor([3, 1.5, 2, 1.5], dtype=torch.double)
    nll = (torch.log1p(gap.exp()) + torch.log1p((-gap).exp())) / 2
    assert result.nll == pytest.approx(nll.tolist())
    assert result.calibration_error == pytest.approx((gap.sigmoid() - 0.5).tolist())
    assert result.operations is not None and result.firing_rates is not None
    assert result.operations.macs == (288,) * T
    assert result.operations.acs == (6, 18, 24, 36)
    assert result.operations.energy_uj[-1] == pytest.approx((288 * 4.6 + 36 * 0.9) / 1e6)
    assert result.firing_rates == {"neuron": (3 / 32, 9 / 64, 12 / 96, 18 / 128)}
    assert result.mean_firing_rate == result.firing_rates["neuron"]
    assert result.uncounted == ()
    assert result.early_exit == {}


@builders
def test_one_pass_equals_a_run_at_every_number_of_timesteps(build):
    net = firing_net(build)
    criterion, batches = criterion_for(net), labelled_images()
    whole = evaluate(net, batches, T, criterion=criterion, report_at=2)
    assert len({round(nll, 3) for nll in whole.nll}) == T
    for t in range(1, T + 1):
        single = evaluate(net, batches, t, criterion=criterion)
        assert single.accuracy == whole.accuracy[:t]
        assert single.nll == pytest.approx(whole.nll[:t], abs=1e-9)
        assert single.calibration_error == pytest.approx(whole.calibration_error[:t], abs=1e-9)
        assert single.operations.acs == whole.operations.acs[:t]
        assert single.operations.macs == whole.operations.macs[:t]
        assert single.mean_firing_rate == whole.mean_firing_rate[:t]
        if t == 2:
            assert single.confusion == whole.confusion
            assert single.early_exit == whole.early_exit
            [curve] = whole.early_exit.values()
            assert len(set(curve.leaving)) > 2
    assert all(rates[-1] > 0.02 for rates in whole.firing_rates.values())


@builders
def test_two_calls_are_equal_bit_by_bit(build):
    net = firing_net(build)
    batches, criterion = labelled_images(), criterion_for(net)
    first = evaluate(net, batches, T, criterion=criterion)
    assert first == evaluate(net, batches, T, criterion=criterion)


@builders
def test_the_size_of_the_batches_does_not_matter(build):
    net = firing_net(build)
    one, all_ = (evaluate(net, labelled_images(batch=size), T) for size in (1, 6))
    assert one.operations == all_.operations
    assert one.firing_rates == all_.firing_rates
    assert (one.accuracy, one.confusion) == (all_.accuracy, all_.confusion)
    assert one.nll == pytest.approx(all_.nll, rel=1e-9)


def test_sequences_are_cut_and_events_are_accumulates():
    net = firing_net(vgg9)
    frames = torch.randint(0, 3, (6, 5, 3, 16, 16)).double()
    y = torch.arange(5)
    result = evaluate(net, [(frames, y)], T)
    assert result.operations.macs == (0,) * T
    logits = net(frames[:T]).logits
    for t in range(1, T + 1):
        right = (time_mean(logits, t).argmax(1) == y).float().mean()
        assert result.accuracy[t - 1] == pytest.approx(right.item())


def test_early_exit_ends_in_the_exit_and_in_the_final_one():
    net = firing_net(vgg9)
    criterion, batches = criterion_for(net, tap=2), labelled_images(12)
    result = evaluate(net, batches, T, criterion=criterion.train(), report_at=2)
    criterion.eval()
    right = 0
    for x, y in batches:
        out = net(tssd.repeat_in_time(x, T), criterion.taps)
        early = time_mean(criterion.add_exits(out).exits[2], 2)
        right += (early.argmax(1) == y).sum().item()
    [(tap, curve)] = result.early_exit.items()
    assert tap == "2"
    assert curve.accuracy[0] == right / 12
    assert curve.accuracy[-1] == result.accuracy[1]
    assert (curve.leaving[0], curve.leaving[-1]) == (1, 0)
    assert list(curve.leaving) == sorted(curve.leaving, reverse=True)


def test_a_vanilla_criterion_has_no_early_exit():
    net = PencilNet()
    criterion = tssd.vanilla(2).connect(net)
    assert evaluate(net, pencil_batches(2, 2), 2, criterion=criterion).early_exit == {}


def test_exits_cost_nothing():
    net, batches = firing_net(resnet18), labelled_images()
    with_exit = evaluate(net, batches, 2, criterion=criterion_for(net))
    assert with_exit.operations == evaluate(net, batches, 2).operations


def test_modes_buffers_and_hooks_are_as_before():
    net = firing_net(vgg9)
    criterion = criterion_for(net)
    net.train()
    net.stages[0].eval()  # e.g. frozen
    modes = [m.training for m in (*net.modules(), *criterion.modules())]
    state = copy.deepcopy([net.state_dict(), criterion.state_dict()])
    evaluate(net, labelled_images(), 2, criterion=criterion)
    with pytest.raises(UsageError, match="built for"):
        evaluate(net, [(torch.zeros(1, 7, 16, 16), torch.tensor([0]))], 2, criterion=criterion)
    assert [m.training for m in (*net.modules(), *criterion.modules())] == modes
    assert not any(m._forward_hooks for m in (*net.modules(), *criterion.modules()))
    for before, after in zip(state, [net.state_dict(), criterion.state_dict()], strict=True):
        assert all(torch.equal(before[name], after[name]) for name in after)


def test_training_goes_on_after_an_evaluation():
    net = firing_net(vgg9)
    evaluate(net, labelled_images(), 2)
    [(x, y), *_] = labelled_images()
    tssd.vanilla(2).connect(net).run(net.train(), x, y).total.backward()
    assert all(p.grad is not None for p in net.parameters())


def test_without_costs_the_scores_are_the_same():
    net, batches = firing_net(vgg9), labelled_images()
    quick, full = evaluate(net, batches, T, costs=False), evaluate(net, batches, T)
    assert quick.operations is None and quick.firing_rates is None
    assert (quick.accuracy, quick.nll, quick.samples) == (full.accuracy, full.nll, 6)
    assert accuracy_at_every_timestep(net, batches, T) == list(full.accuracy)


def test_the_energy_model_is_the_one_asked_for():
    result = evaluate(
        PencilNet(), pencil_batches(2, 2), 1, energy=EnergyModel(1.0, 2.0, source="mine")
    )
    assert result.operations.energy_uj == pytest.approx(((288 + 2 * 6) / 1e6,))
    assert result.operations.energy_model.source == "mine"


def test_an_adapted_network_keeps_its_taps_and_layout():
    class Jelly(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.node = nn.Conv2d(3, 8, 3), neuron.LIFNode(v_threshold=0.3)
            self.head = nn.Linear(8 * 14 * 14, 5)

        def forward(self, x):  # [N, T, ...] -> [N, T, K]
            spikes = torch.stack([self.node(self.conv(x_t)) for x_t in x.unbind(1)], dim=1)
            return self.head(spikes.flatten(2))

    images = [(x.float(), y) for x, y in labelled_images()]
    jelly = Jelly()
    net = adapt(jelly, taps=["node"], example=images[0][0], layout="batch_first")
    criterion = tssd.tssd(2, T, tap="node").connect(net)
    result = evaluate(net, images, T, criterion=criterion)
    functional.reset_net(jelly)
    x, y = (torch.cat(parts) for parts in zip(*images, strict=True))
    logits = jelly.eval()(x.unsqueeze(1).expand(-1, T, -1, -1, -1)).mean(1)
    assert result.accuracy[-1] == pytest.approx((logits.argmax(1) == y).float().mean().item())
    assert list(result.early_exit) == ["node"]
    assert list(result.operations.layers) == ["module.conv", "module.head"]
    assert result.operations.macs == (8 * 14 * 14 * 27,) * T
    [rates] = result.firing_rates.values()
    assert result.operations.layers["module.head"].density == rates
    assert 0.01 < rates[0] < rates[1] < 1


def test_modules_that_could_not_be_counted_are_named():
    class Patches(PencilNet):
        def forward(self, x, taps=()):
            self.head[1](torch.zeros(1, 32))
            self.neuron(torch.zeros(3, 2, 1))
            return super().forward(x)

    result = evaluate(Patches(), pencil_batches(4, 4), 2)
    assert result.uncounted == ("head.1", "neuron")
    assert result.operations.uncounted == ("head.1",)
    assert (result.firing_rates, result.mean_firing_rate) == ({}, None)


def test_the_progress_bar_stays_off_standard_output_and_out_of_logs(capsys, monkeypatch):
    for terminal in ("1", ""):
        monkeypatch.setenv("FORCE_COLOR", terminal)
        evaluate(PencilNet(), pencil_batches(4, 2), 2, progress=True)
        captured = capsys.readouterr()
        assert captured.out == ""
        assert ("evaluate" in captured.err) == bool(terminal)
    evaluate(PencilNet(), pencil_batches(4, 2), 2)
    assert capsys.readouterr() == ("", "")


def test_every_exit_has_a_curve():
    net = firing_net(vgg9)
    plan = ExitPlan([0, 2], channels=3)
    criterion = SelfDistillation({"exits": ExitCrossEntropy()}, tssd.Timesteps(1, 2), exits=plan)
    criterion.connect(net).double()
    result = evaluate(net, labelled_images(), 2, criterion=criterion)
    assert list(result.early_exit) == ["0", "2"]
