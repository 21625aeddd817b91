"""Fully connected layers of neurons, of which the heads of larger networks are made."""

from collections.abc import Sequence

from torch import nn

from tssd.errors import UsageError
from tssd.models.base import MakeNeuron, MakeNorm
from tssd.models.blocks import build_neuron, with_norm
from tssd.models.dropout import SharedDropout
from tssd.time import TimeFold


def linear_neurons(
    features: int,
    layers: Sequence[int],
    neuron: MakeNeuron,
    norm: MakeNorm | None,
    *,
    dropout: float = 0.0,
    bias: bool = True,
) -> list[nn.Module]:
    """Linear weights, norm, neurons and dropout, layer after layer.

    Args:
        features: F of what comes in, [T, N, F].
        layers: neurons of each layer; none = nothing is made.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels; None = there is none.
        dropout: share of each layer's spikes that training leaves out, the same at every timestep.
        bias: whether weights without a norm have one.
    """
    made: list[nn.Module] = []
    for neurons in layers:
        weights = nn.Linear(features, neurons, bias and norm is None)
        currents = TimeFold(weights) if norm is None else with_norm(weights, norm, neurons, 1)
        made += [currents, build_neuron(neuron, neurons, currents)]
        if dropout:
            made.append(SharedDropout(dropout))
        features = neurons
    return made


def check_layers(option: str, layers: Sequence[int]) -> None:
    """Refuse a layer of no neurons.

    Raises: UsageError: names the option.
    """
    if layers and min(layers) < 1:
        raise UsageError(f"{option}: got {list(layers)}, expected a number >= 1 for each layer")
