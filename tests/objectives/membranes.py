"""Membranes of two layers by hand, for the losses on them."""

import torch
from torch import nn

from tssd.models import NetOutput
from tssd.neurons import LIF
from tssd.objectives import Timesteps

# In thresholds of 2 and 1: -0.5, 0.5, 0.75, 1.5 with mean 0.5625; and zeros.
OUT = NetOutput(
    torch.zeros(2, 1, 3),
    membranes={"a": torch.tensor([[[-1.0, 1.0]], [[1.5, 3.0]]]), "b": torch.zeros(2, 1, 4)},
)


def of_layers(term):
    """The term of these membranes."""
    net = nn.ModuleDict({"a": LIF(v_threshold=2.0), "b": LIF()})
    return term.connect(net, Timesteps(1, 2))(OUT, torch.tensor([0])).item()
