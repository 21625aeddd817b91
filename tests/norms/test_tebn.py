import pytest
import torch
from spikingjelly.activation_based import layer

from tssd.errors import UsageError
from tssd.longest import build_for
from tssd.norms import TEBN, pooled_batch_norm
from tssd.parameter_options import parameter_groups
from tssd.testing import check_norm

T, N, C = 4, 3, 5


def inputs(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(T, N, C, 3, 2, generator=generator, dtype=torch.double)
    return x * torch.arange(1.0, T + 1).view(T, 1, 1, 1, 1) + 1


def built():
    norm = TEBN(C).double()
    build_for(norm, T)
    return norm


def test_it_keeps_the_contract():
    check_norm(TEBN)


def test_with_factors_of_one_it_is_batch_norm():
    for norm in (TEBN(C).double(), built()):
        plain = pooled_batch_norm(C).double()
        assert torch.equal(norm(inputs()), plain(inputs()))
        assert torch.equal(norm.eval()(inputs(1)), plain.eval()(inputs(1)))


def test_it_equals_spikingjellys_in_values_and_gradients():
    ours, theirs = built(), layer.TemporalEffectiveBatchNorm2d(T, C).double()
    values = {"weight": torch.linspace(-1, 2, C), "bias": torch.linspace(0.5, -0.5, C)}
    values["scale"] = torch.linspace(0.5, 1.5, T)
    pairs = {"weight": "norm.0.weight", "bias": "norm.0.bias", "scale": "scale"}
    with torch.no_grad():
        for name, own in pairs.items():
            theirs.get_parameter(name).copy_(values[name])
            ours.get_parameter(own).copy_(values[name])
    found = []
    for norm, names in ((ours, pairs.values()), (theirs, pairs)):
        x = inputs().requires_grad_()
        y = norm(x)
        loss = (y * torch.arange(y.numel(), dtype=y.dtype).cos().view(y.shape)).sum()
        wanted = [x, *(norm.get_parameter(name) for name in names)]
        found.append([y.detach(), *torch.autograd.grad(loss, wanted)])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)
        assert b.any()
    torch.testing.assert_close(ours.norm[0].running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(inputs(1)), theirs.eval()(inputs(1)))


def test_a_shorter_run_takes_the_first_factors_and_a_longer_one_is_refused():
    norm = built().eval()
    norm.scale.data = torch.arange(1.0, T + 1).double()
    x = inputs()
    assert torch.equal(norm(x[:2]), norm(x)[:2])
    torch.testing.assert_close(norm(x)[2], 3 * norm.norm(x)[2])
    with pytest.raises(UsageError, match="^timesteps: got 8, but .* for 4"):
        norm(torch.cat([x, x]))


def test_its_factors_are_a_norms_to_an_optimiser():
    groups = parameter_groups(built(), decay_norms_and_biases=False)
    assert [(g["weight_decay"], len(g["params"])) for g in groups] == [(0.0, 3)]
    assert [len(g["params"]) for g in parameter_groups(built())] == [3]
