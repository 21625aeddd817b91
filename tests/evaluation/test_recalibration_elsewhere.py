"""Batch norm in networks that were written elsewhere, and in trained ones."""

import pytest
import torch
from spikingjelly.activation_based import layer, neuron
from torch import nn

import tssd
from tssd.evaluation import evaluate

T, SIZE, K = 3, 8, 5


def frames(steps, count):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(steps, count, 1, SIZE, SIZE, generator=generator, dtype=torch.double)


def td_norm(channels, step_mode):
    """Scales by alpha v_th."""
    return layer.ThresholdDependentBatchNorm2d(1.0, 2.0, channels)


def jelly(mode, norm=layer.BatchNorm2d):
    torch.manual_seed(0)
    parts = [
        part
        for inputs in (1, 4)
        for part in (
            layer.Conv2d(inputs, 4, 3, padding=1, step_mode=mode),
            norm(4, step_mode=mode),
            neuron.LIFNode(step_mode=mode),
        )
    ]
    head = [layer.Flatten(step_mode=mode), layer.Linear(4 * SIZE**2, K, step_mode=mode)]
    return nn.Sequential(*parts, *head)


def plain():
    """The same layers of torch, on a T that is folded by hand."""
    torch.manual_seed(0)
    return Folded(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * SIZE**2, K)
    )


class Folded(nn.Sequential):
    def forward(self, input):
        return super().forward(input.flatten(0, 1)).unflatten(0, input.shape[:2])


def adapted(net, layout):
    example = torch.rand(2, 1, SIZE, SIZE)
    return tssd.adapt(net, taps=[], example=example, layout=layout).double()


def statistics(net):
    return [b for n, b in net.named_buffers() if n.endswith(("running_mean", "running_var"))]


def expected(x):
    """Of the first norm by hand; of the second behind the first in double, likewise."""
    net = jelly("m").double().train()
    seen = []
    for place in (1, 4):
        net[place].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        net(x)
    found = []
    for values in seen:  # [T, N, C, H, W]
        flat = values.transpose(0, 2).flatten(1)
        found += [flat.mean(1), flat.var(1, correction=0)]
    return found


@pytest.mark.parametrize(
    ("make", "layout"),
    [
        (lambda: jelly("m"), "time_first"),
        (lambda: jelly("s"), "stepped"),
        (lambda: jelly("m", td_norm), "time_first"),
    ],
    ids=["all steps", "step by step", "tdBN"],
)
def test_spikingjelly(make, layout):
    x = frames(T, 9)
    net = adapted(make(), layout)
    found = tssd.recalibrated(net, x.split([2, 6, 1], 1), T)
    wanted = expected(x)
    if isinstance(net.module[1], layer.ThresholdDependentBatchNorm2d):
        wanted = wanted[:2]  # its scale is another, so that the second norm sees other values
    for value, want in zip(statistics(found), wanted, strict=False):
        torch.testing.assert_close(value, want)
    assert not any(torch.equal(a, b) for a, b in zip(statistics(net), statistics(found)))  # noqa: B905


def test_a_plain_network_of_torch():
    x = frames(T, 9)
    net = adapted(plain(), "time_first")
    found = tssd.recalibrated(net, [(x[:, :2], "labels"), (x[:, 2:], None)], T)
    torch.testing.assert_close(statistics(found), expected(x)[:2])


def test_a_trained_run_is_shipped_for_one_t(trained, tmp_path):
    from sklearn.datasets import load_digits

    images = load_digits().images[:200] / 16
    net = tssd.load(trained)
    at_1 = tssd.recalibrated(net, net.transform(images), timesteps=1)
    assert at_1.predict(images[:4], timesteps=1).classes.shape == (1, 4)
    assert at_1.class_names == net.class_names
    path = tmp_path / "at_1.pt"
    torch.save(at_1.net.state_dict(), path)
    again = tssd.load(trained)
    again.net.load_state_dict(torch.load(path, weights_only=True))
    x = net.transform(images)
    labels = torch.zeros(len(x), dtype=torch.int64)
    same, other = (evaluate(n, [(x, labels)], 1, costs=False).nll for n in (again, net))
    assert same == evaluate(at_1, [(x, labels)], 1, costs=False).nll != other
