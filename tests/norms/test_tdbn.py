from functools import partial

import pytest
import snntorch
import torch
from spikingjelly.activation_based import layer, neuron
from torch import nn

from tssd.errors import UsageError
from tssd.models import mlp, msresnet8, resnet18
from tssd.models.blocks import build_neuron, conv_norm
from tssd.neurons import LIF
from tssd.norms import TdBN, pooled_batch_norm
from tssd.objectives.exits import ExitPlan
from tssd.testing import check_norm

T, N, C = 3, 4, 5
HALF = 0.5**0.5


def inputs(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(T, N, C, 3, 2, generator=generator, dtype=torch.double)
    return x * torch.arange(1.0, T + 1).view(T, 1, 1, 1, 1) + 1


def outcome(norm, x):
    """Values, and gradients of a weighted sum by the input, the scale and the shift."""
    x = x.clone().requires_grad_()
    y = norm(x)
    weights = torch.arange(y.numel(), dtype=y.dtype).cos().view(y.shape)
    named = dict(norm.named_parameters())
    wanted = [x, *(next(p for n, p in named.items() if n.endswith(e)) for e in ("weight", "bias"))]
    return y.detach(), *torch.autograd.grad((y * weights).sum(), wanted)


def draw(norm, weight, shift):
    part = getattr(norm, "norm", norm[0] if isinstance(norm, nn.Sequential) else norm)
    with torch.no_grad():
        part.weight.copy_(weight)
        part.bias.copy_(shift)
    return norm.double()


GAIN, SHIFT = torch.linspace(-0.5, 1.5, C), torch.linspace(-0.3, 0.3, C)


def test_it_keeps_the_contract():
    check_norm(partial(TdBN, v_threshold=0.5))


def test_with_a_threshold_of_one_and_one_summand_it_is_batch_norm():
    ours, plain = draw(TdBN(C), GAIN, SHIFT), draw(pooled_batch_norm(C), GAIN, SHIFT)
    ours.feeds(LIF(), 1)
    for x in (inputs(), inputs(1)[0].expand(T, N, C, 3, 2)):
        for a, b in zip(outcome(ours, x), outcome(plain, x), strict=True):
            assert torch.equal(a, b)
    assert torch.equal(ours.eval()(inputs(2)), plain.eval()(inputs(2)))


def test_it_is_the_equation_of_the_paper():
    norm, x = draw(TdBN(C, v_threshold=0.6), GAIN, SHIFT), inputs()
    norm.feeds(LIF(), 2)
    mean, var = (f((0, 1, 3, 4), keepdim=True) for f in (x.mean, partial(x.var, correction=0)))
    gain, shift = (p.double().view(C, 1, 1) for p in (GAIN, SHIFT))
    expected = gain * HALF * 0.6 * (x - mean) / (var + 1e-5).sqrt() + shift
    torch.testing.assert_close(norm(x), expected)


# SpikingJelly begins its weight at alpha V and has no factor beside it: the same function of what
# stands in front of xhat, so that a step of our weight moves it by (alpha V)^2 times theirs.
def test_it_equals_spikingjellys_whose_weight_holds_the_factor():
    scale = HALF * 0.6
    ours = draw(TdBN(C, v_threshold=0.6), GAIN, SHIFT)
    ours.feeds(nn.ReLU(), 2)
    theirs = layer.ThresholdDependentBatchNorm2d(HALF, 0.6, C)
    torch.testing.assert_close(theirs.weight, TdBN(C).norm.weight * scale)
    draw(theirs, GAIN * scale, SHIFT)
    for seed in range(2):
        y, g_x, g_weight, g_bias = outcome(ours, inputs(seed))
        expected = outcome(theirs, inputs(seed))
        found = (y, g_x, g_weight / scale, g_bias)
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a, b)
    torch.testing.assert_close(ours.norm.running_var, theirs.running_var)
    assert ours.norm.num_batches_tracked == theirs.num_batches_tracked == 2
    torch.testing.assert_close(ours.eval()(inputs(3)), theirs.eval()(inputs(3)))


def scales(module):
    return [round(part.scale, 6) for part in module.modules() if isinstance(part, TdBN)]


def test_a_network_tells_it_the_threshold_and_what_is_added_up():
    lif = partial(LIF, v_threshold=0.4)
    options = {"width": 1 / 32, "image_size": 4, "norm": TdBN}
    # Currents are added up in every block of MS-ResNet, whose first norm feeds the sum, too.
    branch = round(0.4 * HALF, 6)
    assert scales(msresnet8(neuron=lif, **options)) == [0.4, *[branch] * 6]
    # In front of a neuron of the paper's ResNet nothing is: it adds spikes.
    assert set(scales(resnet18(neuron=lif, **options))) == {0.4}
    assert scales(mlp(hidden=(3, 3), neuron=lif, image_size=2, norm=TdBN)) == [0.4, 0.4]
    exit_ = ExitPlan(neuron=lif, norm=TdBN).build((2, 3, 3), 2)
    assert scales(exit_) == [0.4]


@pytest.mark.parametrize(
    ("behind", "scale"),
    [
        (lambda: neuron.LIFNode(v_threshold=0.7, step_mode="m"), 0.7),
        (lambda: snntorch.Leaky(0.5, threshold=0.3), 0.3),
        (lambda: nn.Sequential(LIF(v_threshold=2.0), LIF(v_threshold=1.5)), 1.5),
        (nn.ReLU, 1.0),
    ],
)
def test_neurons_of_others_have_a_threshold_and_what_is_none_counts_as_one(behind, scale):
    currents = conv_norm(2, 3, TdBN)
    build_neuron(behind, 3, currents)
    assert scales(currents) == [pytest.approx(scale)]


def test_a_threshold_that_is_given_stands():
    currents = conv_norm(2, 3, partial(TdBN, v_threshold=0.3))
    build_neuron(LIF, 3, currents, nn.Identity())
    assert scales(currents) == [round(0.3 * HALF, 6)]
    assert "scale=0.212" in repr(currents)


@pytest.mark.parametrize("v", [0.0, -1.0, float("inf"), float("nan")])
def test_a_threshold_that_is_none_is_refused(v):
    with pytest.raises(UsageError, match="^v_threshold: got .*, expected a finite potential > 0"):
        TdBN(3, v_threshold=v)
