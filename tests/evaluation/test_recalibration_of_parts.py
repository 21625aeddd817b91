"""Norms of other kinds than batch norm alone, recalibrated."""

import torch

from tssd.evaluation import recalibrated
from tssd.longest import build_for
from tssd.neurons import MPBNLIF
from tssd.neurons.mpbn import MembraneNorm
from tssd.norms import TEBN, TdBN

from .test_recalibration import (
    T,
    assert_close,
    frames,
    images,
    norms,
    of_one_batch,
    small,
    spoilt,
    statistics,
)


def test_statistics_in_norms_that_scale_are_those_of_one_call():
    for norm in (TEBN, lambda channels: TdBN(channels, v_threshold=0.7)):
        net, x = small(norm), frames(T, 9)
        build_for(net, T)
        expected, logits = of_one_batch(net, x)
        found = recalibrated(net, x.split([4, 5], 1), T)
        assert_close(statistics(found), expected)
        torch.testing.assert_close(found.eval()(x).logits, logits)


def with_membrane_norms():
    net = small()
    for stage in net.stages:
        stage[2] = MPBNLIF().connect(6)
        with torch.no_grad():
            stage[2].norm.weight.uniform_(-1, 1.5)
    return spoilt(net)


def membranes(net, x):
    """Oracle: mean and variance of what every norm of membranes is given in eval mode."""
    seen = {}
    for name, part in net.named_modules():
        if isinstance(part, MembraneNorm):
            part.register_forward_pre_hook(
                lambda _, inputs, name=name: seen.setdefault(name, []).append(inputs[0])
            )
    with torch.no_grad():
        net.eval()(x)
    return {
        name: torch.var_mean(torch.cat(parts), (0, 2, 3), correction=0)
        for name, parts in seen.items()
    }


def test_norms_in_neurons_have_the_statistics_of_the_network_that_runs_with_them():
    for timesteps, rtol in ((1, 1e-9), (T, 2e-3)):  # at T = 1 nothing feeds back
        found = recalibrated(with_membrane_norms(), images(80), timesteps)
        x = images(80).expand(timesteps, 80, 1, 8, 8)
        parts = norms(found)
        measured = membranes(found, x)
        assert len(measured) == 2
        for name, (variance, mean) in measured.items():
            part, deviation = parts[name], variance.sqrt()
            assert ((part.running_mean - mean).abs() <= rtol * deviation).all()
            assert ((part.running_var.sqrt() - deviation).abs() <= rtol * deviation).all()
