import copy

import numpy as np
import pytest
import torch
from torch import nn

import tssd
from tssd.errors import DataError, UsageError
from tssd.evaluation import recalibrate, recalibrated
from tssd.models import StagedNet, resnet18, vgg9
from tssd.norms import per_step_batch_norm

T = 3


def images(count, *, seed=0, size=8, channels=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, size, size, generator=generator, dtype=torch.double)


def frames(steps, count, **of):
    return images(steps * count, **of).unflatten(0, (steps, count))


def small(norm=None, *, dropout=0.0):
    """Two convolutions with norms of statistics that fit nothing."""
    torch.manual_seed(0)
    norm = norm or (lambda channels: tssd.TimeFold(nn.BatchNorm2d(channels)))
    stages = [
        nn.Sequential(
            tssd.TimeFold(nn.Conv2d(inputs, 6, 3, padding=1)), norm(6), tssd.LIF(),
            tssd.TimeFold(nn.Dropout(dropout)),
        )
        for inputs in (1, 6)
    ]  # fmt: skip
    head = tssd.TimeFold(nn.Flatten(), nn.Linear(6 * 64, 5))
    return spoilt(StagedNet(stages, head, shapes=[(6, 8, 8)] * 2, num_classes=5))


def spoilt(net):
    """In double: a membrane near the threshold would cross it here and not there."""
    for part in norms(net).values():
        part.running_mean.fill_(0.3)
        part.running_var.fill_(2.0)
        part.num_batches_tracked.fill_(7)
    return net.double()


def norms(net):
    return {n: m for n, m in net.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)}


def statistics(net):
    return {n: (m.running_mean.clone(), m.running_var.clone()) for n, m in norms(net).items()}


def of_one_batch(net, x):
    """Oracle: what each norm gets in one training-mode call on all samples, in numpy."""
    net, found = copy.deepcopy(net).eval(), {}

    def see(name):
        def hook(part, inputs):
            values = inputs[0].transpose(0, 1).flatten(1).numpy()
            found.setdefault(name, []).append(values)

        return hook

    for name, part in norms(net).items():
        part.train().register_forward_pre_hook(see(name))
    with torch.no_grad():
        logits = net(x).logits
    seen = {name: np.concatenate(parts, axis=1) for name, parts in found.items()}
    return {
        name: (torch.from_numpy(v.mean(1)), torch.from_numpy(v.var(1))) for name, v in seen.items()
    }, logits


def assert_close(found, expected, rtol=1e-9):
    assert found.keys() == expected.keys()
    for name, pair in found.items():
        for value, wanted in zip(pair, expected[name], strict=True):
            torch.testing.assert_close(value, wanted, rtol=rtol, atol=1e-9)


NETS = {
    "two stages": lambda: (small(), frames(T, 9)),
    "vgg9": lambda: (spoilt(vgg9(width=1 / 32, image_size=16)), frames(T, 9, size=16, channels=3)),
    "resnet18": lambda: (
        spoilt(resnet18(width=1 / 32, image_size=16)), frames(T, 9, size=16, channels=3)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", NETS)
def test_the_statistics_are_those_of_one_call_on_all_samples(kind):
    net, x = NETS[kind]()
    expected, logits = of_one_batch(net, x)
    found = recalibrated(net, x.split([2, 6, 1], 1), T)
    assert_close(statistics(found), expected)
    torch.testing.assert_close(found.eval()(x).logits, logits)


def test_per_step_norms_have_the_statistics_of_all_timesteps_together():
    # Of each timestep on its own in training, and a single one for all of them in eval mode.
    net, x = small(per_step_batch_norm), frames(T, 12)
    found = statistics(recalibrated(net, [x[:, :5], x[:, 5:]], T))
    assert_close(found, of_one_batch(small(), x)[0])


def test_images_are_repeated_and_counted_once():
    net, x = small(), images(12)
    found = statistics(recalibrated(net, [(x, None)], T))
    assert_close(found, of_one_batch(net, tssd.repeat_in_time(x, T))[0])


def test_a_tensor_is_cut_into_batches():
    net, x = small(), images(300)
    assert_close(
        statistics(recalibrated(net, x, 1)), statistics(recalibrated(net, [x[:7], x[7:]], 1))
    )
    sequence = frames(2, 270)
    assert_close(
        statistics(recalibrated(net, sequence, 2)), statistics(recalibrated(net, [sequence], 2))
    )


def test_nothing_but_the_statistics_changes():
    net = small(dropout=0.9).train()
    net.stages[1].eval()
    before, modes = copy.deepcopy(net.state_dict()), [m.training for m in net.modules()]
    state = torch.get_rng_state()
    found = recalibrated(net, images(12), T)
    assert torch.equal(torch.get_rng_state(), state)
    assert [m.training for m in net.modules()] == modes == [m.training for m in found.modules()]
    for name, value in found.state_dict().items():
        assert torch.equal(net.state_dict()[name], before[name])
        assert torch.equal(value, before[name]) != name.endswith(("running_mean", "running_var"))
    assert all(p.requires_grad and p.grad is None for p in found.parameters())
    # Dropout is off: what comes behind it is that of the network as it runs.
    assert_close(statistics(found), statistics(recalibrated(small(), images(12), T)))


def test_recalibrating_twice_changes_nothing():
    once = recalibrated(small(), images(12), 2)
    again = recalibrated(once, images(12), 2)
    assert_close(statistics(again), statistics(once), rtol=0)


def test_a_network_as_trained_hardly_changes_at_the_t_of_training():
    net, x = small(), frames(T, 64)
    for part in norms(net).values():
        part.reset_running_stats()
        part.momentum = None
    with torch.no_grad():
        net.train()(x)
    net.eval()
    before, after = statistics(net), statistics(recalibrated(net, x, T))
    for name, (mean, variance) in before.items():
        torch.testing.assert_close(after[name][0], mean)
        torch.testing.assert_close(after[name][1], variance, rtol=1e-3, atol=0)  # over n - 1
    # At another T they are others: the first spikes come before a membrane is full.
    at_1 = statistics(recalibrated(net, x, 1))["stages.1.1.0"]
    assert (at_1[0] - before["stages.1.1.0"][0]).abs().max() > 1e-3


def test_the_exits_norms_as_well():
    net, x = small(), images(12)
    criterion = tssd.tssd(student=1, teacher=T, tap=0).connect(net).double()
    with torch.no_grad():
        for part in norms(criterion).values():
            part.running_mean.fill_(3.0)
    expected, _ = of_one_batch(net, tssd.repeat_in_time(x, T))
    recalibrate(net, [x[:5], x[5:]], T, criterion=criterion)
    assert_close(statistics(net), expected)
    # The exit in training mode, on the spikes of the recalibrated network.
    (exit_norm,) = norms(criterion).values()
    trained = copy.deepcopy(criterion).train()
    with torch.no_grad():
        out = net.eval()(tssd.repeat_in_time(x, T), (0,))
        wanted = trained.add_exits(out).exits[0].clone()
        found = criterion.eval().add_exits(out).exits[0]
    assert exit_norm.running_mean.max() < 3
    torch.testing.assert_close(found, wanted)


def test_a_mean_far_from_zero_keeps_its_variance():
    net = StagedNet(
        [tssd.TimeFold(nn.BatchNorm2d(1))],
        tssd.TimeFold(nn.Flatten(), nn.Linear(64, 5)),
        shapes=[(1, 8, 8)],
        num_classes=5,
    )
    x = images(200) + 1e6
    found = recalibrated(net.double(), x.split(7), 1).stages[0][0]
    torch.testing.assert_close(found.running_var, x.var(correction=0).view(1), rtol=1e-9, atol=0)
    torch.testing.assert_close(found.running_mean, x.mean().view(1), rtol=1e-12, atol=0)


class OwnArithmetic(nn.BatchNorm2d):
    """A norm that does not call torch's."""

    def forward(self, input):
        return (input - self.running_mean.view(-1, 1, 1)) * self.weight.view(-1, 1, 1)


@pytest.mark.parametrize(
    ("net", "batches", "timesteps", "told"),
    [
        (small, iter([images(4)]), 2, "got a list_iterator, expected a tensor, or batches"),
        (small, 3, 2, "batches: got a int, expected a tensor"),
        (small, [], 2, "batches: got no samples, expected at least two"),
        (small, [images(0)], 2, "batches: got no samples, expected at least two"),
        (small, [{"x": images(4)}], 2, "batches: got dict in one, expected images"),
        (small, [(images(4), torch.zeros(4))], 0, "timesteps: got 0, expected a whole number"),
        (small, [frames(2, 4)], 3, "timesteps: the data has 2, but 3 are wanted"),
        (small, [images(4) * torch.inf], 2, "input: sample 0 of the batch and 3 more has"),
        (lambda: small(lambda _: nn.Identity()), [images(4)], 2, "StagedNet has no batch norm"),
        (
            lambda: small(lambda c: tssd.TimeFold(OwnArithmetic(c))), [images(4)], 2,
            r"stages.0.1.0 \(OwnArithmetic\) has running statistics, but does not normalise by",
        ),
        (lambda: nn.BatchNorm2d(1), [images(4)], 2, "which has no num_classes, expected a network"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(net, batches, timesteps, told):
    with pytest.raises((UsageError, DataError), match=f"^[^\n]*{told}[^\n]*$"):
        recalibrated(net(), batches, timesteps)


def test_one_value_a_channel_has_no_variance():
    net = StagedNet(
        [tssd.TimeFold(nn.AvgPool2d(8), nn.BatchNorm2d(1))],
        tssd.TimeFold(nn.Flatten(), nn.Linear(1, 5)),
        shapes=[(1, 1, 1)],
        num_classes=5,
    )
    net.double()
    with pytest.raises(UsageError, match=r"stages\.0\.1 gets one value a channel"):
        recalibrated(net, images(1), 1)
    # Cut into single samples, as no training could be.
    x = images(9)
    found = recalibrated(net, x.split(1), 1).stages[0][1]
    torch.testing.assert_close(found.running_var, x.mean((1, 2, 3)).var(correction=0).view(1))


def test_a_norm_that_is_damaged_further_down_is_named():
    net = small()
    with torch.no_grad():
        net.stages[0][0][0].weight.fill_(1e30)
        net.stages[0][0][0].bias.fill_(torch.inf)
    with pytest.raises(DataError, match=r"^net: stages\.0\.1\.0 gets values that are not finite"):
        recalibrated(net, images(4), 1)
