"""Fully connected spiking networks, for spike trains and other inputs without neighbours."""

import math
from collections.abc import Iterable, Sequence

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize, height_width
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import build_neuron, scaled, with_norm
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold


def mlp(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    hidden: Sequence[int] = (128, 128),
    width: float = 1.0,
    dropout: float = 0.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """Layers of linear weights, norm and neurons, a stage each, then one linear layer.

    Args:
        in_channels: channels of the input; all of it is laid flat.
        num_classes: classes K.
        image_size: side of the input in pixels, or height and width; 1 for spike trains.
        hidden: neurons of each layer, at least one layer.
        width: factor on the neurons of all layers.
        dropout: share of the spikes of each layer that training leaves out, anew each timestep.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: no layer, width <= 0, or dropout outside of 0 to below 1.
    """
    sizes = list(hidden) if isinstance(hidden, Iterable) else hidden
    if not isinstance(sizes, list) or not sizes or min(sizes) < 1:
        raise UsageError(f"hidden: got {sizes}, expected a number >= 1 for each layer: [128]")
    if not 0 <= dropout < 1:
        raise UsageError(f"dropout: got {dropout}, expected 0 or more and below 1")
    sample_shape = (in_channels, *height_width(image_size))
    features = math.prod(sample_shape)
    stages: list[nn.Module] = []
    shapes: list[tuple[int, ...]] = []
    for index, wanted in enumerate(sizes):
        neurons = scaled(wanted, width)
        weights: nn.Module = nn.Linear(features, neurons, bias=False)
        if index == 0:
            weights = nn.Sequential(nn.Flatten(), weights)
        currents = with_norm(weights, norm, neurons, 1)
        layers = [currents, build_neuron(neuron, neurons, currents)]
        if dropout:
            layers.append(TimeFold(nn.Dropout(dropout)))
        stages.append(nn.Sequential(*layers))
        shapes.append((neurons,))
        features = neurons
    return StagedNet(
        stages,
        TimeFold(nn.Linear(features, num_classes)),
        shapes=shapes,
        num_classes=num_classes,
        sample_shape=sample_shape,
        neuron=neuron,
        norm=norm,
    )
