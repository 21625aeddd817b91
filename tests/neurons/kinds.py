"""Neurons of every way through the scan, and what their backward pass costs."""

import pytest
import torch

from tssd.neurons import IF, LIF
from tssd.surrogates import ATan, Sigmoid, Triangular

NEURONS = [
    LIF(),
    LIF(v_reset=0.0),
    LIF(3.0, v_reset=-0.3, decay_input=True, detach_reset=True, surrogate=ATan()),
    LIF(detach_reset=True, surrogate=Triangular()),
    IF(surrogate=Sigmoid()),
]
neurons = pytest.mark.parametrize("neuron", NEURONS, ids=["soft", "hard", "atan", "tri", "IF"])


def bytes_kept(neuron, x):
    """Bytes that a pass keeps for its backward pass."""
    kept = []

    def weigh(tensor):
        kept.append(tensor.untyped_storage().nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(weigh, lambda tensor: tensor):
        neuron(x)
    return sum(kept)
