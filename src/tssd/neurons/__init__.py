"""Spiking neurons: pure functions of a sequence and a state."""

from tssd.neurons.base import Neuron, membrane_like, per_channel
from tssd.neurons.dsr import DSRIF, DSRLIF
from tssd.neurons.fold import folded
from tssd.neurons.lif import IF, LIF, LIFState
from tssd.neurons.membranes import recording
from tssd.neurons.mpbn import MPBNLIF
from tssd.neurons.real_spike import RealSpike

__all__ = [
    "DSRIF",
    "DSRLIF",
    "IF",
    "LIF",
    "MPBNLIF",
    "LIFState",
    "Neuron",
    "RealSpike",
    "folded",
    "membrane_like",
    "per_channel",
    "recording",
]
