"""Layers that a term builds for itself: where they are, and what they take."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from tssd.models.base import SpikingNet
from tssd.objectives.precise import precise

Layers = TypeVar("Layers", bound=nn.Module)


def where_the_weights_are(made: Layers, net: SpikingNet) -> Layers:
    """Layers of a term's own on the device of a network's weights, and of their type."""
    weights = net.parameters() if isinstance(net, nn.Module) else ()
    like = next((p for p in weights if p.is_floating_point()), torch.empty(0))
    return made.to(like.device, like.dtype)


def as_taken(features: Tensor, layers: nn.Module) -> Tensor:
    """Features of the type that layers take, unless autocast sees to it."""
    like = next(layers.parameters(), features)
    # Shapes without numbers know no autocast.
    if features.is_meta or not torch.is_autocast_enabled(features.device.type):
        return features.to(like.dtype)
    return features


def applied(layers: nn.Module, features: Tensor) -> Tensor:
    """What layers of a term's own make of features, in float32 at least."""
    return precise(layers(as_taken(features, layers)))
