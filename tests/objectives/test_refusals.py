"""What the whole loss must not swallow, in a loop of the user's own."""

import math

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import DataError, UsageError
from tssd.models import NetOutput
from tssd.objectives import (
    DivergedError,
    SelfDistillation,
    TaskCrossEntropy,
    TemporalDistillation,
    Timesteps,
)
from tssd.surrogates import Rectangular

N, K = 6, 4
Y = torch.arange(N) % K


class Spike(nn.Module):
    """A neuron that is not ours, and swallows NaN."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x >= 1).to(x)

        @staticmethod
        def backward(ctx, *grads):
            return grads[0] * Rectangular().derivative(ctx.saved_tensors[0] - 1)

    def forward(self, x):
        return self.Function.apply(x)


def layers(neuron=tssd.LIF, outputs=K):
    torch.manual_seed(0)
    return nn.Sequential(nn.Sequential(nn.Linear(8, 16)), neuron(), nn.Linear(16, outputs))


def connected(module):
    net = tssd.adapt(module, taps=["1"], example=torch.rand(N, 8))
    return net, tssd.tssd(2, 4).connect(net)


def images():
    return torch.rand(N, 8, generator=torch.Generator().manual_seed(0)) * 3


@pytest.mark.parametrize("neuron", [tssd.LIF, Spike])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_nan_pixel_stops_the_step_before_it_touches_anything(neuron, value):
    module = layers(neuron)
    module[0].append(tssd.TimeFold(nn.BatchNorm1d(16)))  # whose statistics would keep it
    (net, criterion), x = connected(module), images()
    before = {k: v.clone() for k, v in (net.state_dict() | criterion.state_dict()).items()}
    x[4, 2] = value
    with pytest.raises(DataError, match=f"^input: sample 4 of the batch has the value {value}"):
        criterion.run(net, x, Y)
    after = net.state_dict() | criterion.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize("neuron", [tssd.LIF, Spike])
@pytest.mark.parametrize("place", [0, 2])
def test_a_nan_weight_stops_the_next_step(neuron, place):
    module = layers(neuron)
    net, criterion = connected(module)
    weight = module[0][0].weight if place == 0 else module[2].weight
    weight.data[1, 1] = math.nan
    name = "0.0" if place == 0 else "2"
    with pytest.raises(DivergedError, match=rf"^weights: net.module.{name}.weight became infinite"):
        criterion.run(net, images(), Y)


def test_nan_that_arises_inside_reaches_the_loss_though_a_neuron_stands_in_between():
    class Bad(nn.Module):
        def forward(self, x):
            return torch.where(torch.arange(x.shape[1]).view(-1, 1) == 2, x * math.nan, x)

    net, criterion = connected(layers())
    net.module[0].append(Bad())
    with pytest.raises(DivergedError, match="^loss: .*task.* became nan from the logits of"):
        criterion.run(net, images(), Y)


def test_logits_that_are_not_finite_are_an_error():
    net, criterion = connected(layers())
    out = net(tssd.repeat_in_time(images(), 4), criterion.taps)
    out.logits.data[1, 3, 0] = math.inf
    with pytest.raises(DivergedError, match="task.* became .* from the logits of sample 3"):
        criterion(out, Y)


def test_one_logit_is_refused_when_connected():
    net = tssd.adapt(layers(outputs=1), taps=["1"], example=images())
    for build in (lambda: tssd.tssd(2, 4), lambda: tssd.vanilla(2)):
        with pytest.raises(UsageError, match="num_classes = 1"):
            build().connect(net)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y + 1, "class 4, .*count from 1"),
        (Y - 1, "class -1"),
        (torch.full((N,), -100), "class -100"),  # torch would leave it out
        (Y.view(-1, 1), r"shape \[6, 1\]"),
        (Y.float(), "float32"),
        (torch.eye(K)[Y].long(), r"shape \[6, 4\]"),
        (2 * torch.eye(K)[Y], "shares of classes of sample 0 from 0 on that sum to 2, expected"),
    ],
)
def test_labels_are_refused_in_one_line(y, message):
    net, criterion = connected(layers())
    with pytest.raises(DataError, match=f"^labels: got .*{message}") as caught:
        criterion.run(net, images(), y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.int16])
def test_labels_of_other_integer_types_give_the_same_loss(dtype):
    net, criterion = connected(layers())
    expected = criterion.run(net, images(), Y).total
    assert torch.equal(criterion.run(net, images(), Y.to(dtype)).total, expected)


class Fixed(nn.Module):
    """Returns what it is told."""

    def __init__(self, *shape, num_classes=K):
        super().__init__()
        self.num_classes = num_classes
        self.logits = nn.Parameter(torch.randn(*shape, generator=torch.Generator().manual_seed(0)))

    resolve_tap = tap_shape = None

    def forward(self, x, taps=()):
        return NetOutput(self.logits)


class Softmaxed(Fixed):
    def forward(self, x, taps=()):
        return NetOutput(self.logits.softmax(-1))


class Detached(Fixed):
    def forward(self, x, taps=()):
        return NetOutput(self.logits.detach())


@pytest.mark.parametrize("shape", [(4, N, 512), (4, N), (4, N, 16, 2, 2), (4, N + 1, K), (N, 4, K)])
def test_features_in_the_place_of_logits_are_refused(shape):
    net = Fixed(*shape)
    with pytest.raises(UsageError, match=r"^net: returned logits of shape .*, expected \["):
        tssd.vanilla(2).connect(net).run(net, images(), Y)


def test_probabilities_in_the_place_of_logits_are_refused():
    net = Softmaxed(4, N, K)
    with pytest.raises(UsageError, match="^net: returned probabilities"):
        tssd.vanilla(2).connect(net).run(net, images(), Y)


def test_a_network_that_no_gradient_reaches_is_refused_unless_it_is_frozen_or_only_scored():
    net = Detached(4, N, K)
    criterion = tssd.vanilla(2).connect(net)
    with pytest.raises(UsageError, match="^net: no gradient reaches its weights"):
        criterion.run(net, images(), Y)
    with torch.no_grad():
        criterion.run(net, images(), Y)
    criterion.run(net.requires_grad_(False), images(), Y)


def test_weights_and_labels_that_count_for_nothing_are_refused():
    terms = {"task": TaskCrossEntropy(weight=0.0), "temporal": TemporalDistillation(weight=0.0)}
    with pytest.raises(UsageError, match="^objectives: all weights are 0"):
        SelfDistillation(terms, Timesteps(1, 2))
    with pytest.raises(UsageError, match="^label_smoothing: got 1"):
        TaskCrossEntropy(label_smoothing=1)


def test_a_loss_that_is_not_connected_says_so():
    with pytest.raises(UsageError, match="not connected"):
        tssd.vanilla(2)(NetOutput(torch.zeros(2, N, K)), Y)


def test_a_single_image_with_batch_norm_is_refused():
    module = nn.Sequential(tssd.TimeFold(nn.Linear(8, 16), nn.BatchNorm1d(16)), *layers()[1:])
    net, criterion = connected(module)
    with pytest.raises(UsageError, match=r"one image, which module.0.1 \(BatchNorm1d\)"):
        criterion.run(net, images()[:1], Y[:1])
    criterion.run(net.eval(), images()[:1], Y[:1])


def test_a_batch_of_no_samples_is_refused():
    net, criterion = connected(layers())
    with pytest.raises(DataError, match="^batch: got no samples"):
        criterion.run(net, images()[:0], Y[:0])


def test_the_network_itself_in_the_place_of_the_adapted_one_is_refused():
    net, criterion = connected(layers())
    with pytest.raises(UsageError, match="^net: got Sequential, which has no num_classes"):
        criterion.run(net.module, images(), Y)
    same = criterion.run(nn.DataParallel(net), images(), Y).total
    assert same == criterion.run(net, images(), Y).total
