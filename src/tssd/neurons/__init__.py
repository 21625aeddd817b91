"""Spiking neurons: pure functions of a sequence and a state."""

from tssd.neurons.base import Neuron, membrane_like, per_channel
from tssd.neurons.fold import folded
from tssd.neurons.lif import IF, LIF, LIFState
from tssd.neurons.membranes import recording
from tssd.neurons.mpbn import MPBNLIF

__all__ = [
    "IF",
    "LIF",
    "MPBNLIF",
    "LIFState",
    "Neuron",
    "folded",
    "membrane_like",
    "per_channel",
    "recording",
]
