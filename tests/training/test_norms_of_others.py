"""Norms with something for each timestep, and in neurons: a run that is stopped, and read again."""

import pytest
import torch

import tssd
from tssd.neurons import folded
from tssd.training.fit import fit

from .runs import is_same, small, stopped, weights

OPTIONS = {
    "net": "tssd.models.mlp",
    "net.hidden": [8, 8],
    "net.norm": "tssd.norms.TEBN",
    "net.neuron": "tssd.neurons.MPBNLIF",
    "net.neuron.v_reset": 0.0,
    "trainer.epochs": 2,
}


def test_a_resumed_run_is_the_same_bit_for_bit_and_its_folder_can_be_read(tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    fit(small(OPTIONS), whole)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(OPTIONS), step=2), resumed)
    fit(small(OPTIONS), resumed, resume=True)
    found = weights(resumed)
    assert is_same(weights(whole), found)
    factors = found["stages.0.0.1.norm.scale"]
    assert len(factors) == 4 and (factors != 1).all()
    assert found["stages.0.1.norm.running_mean"].any()
    net = tssd.load(resumed).net
    x = torch.rand(4, 3, 1, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(folded(net)(x).logits, net.eval()(x).logits)
