"""Spiking neurons: pure functions of a sequence and a state."""

from tssd.neurons.base import Neuron, membrane_like, per_channel
from tssd.neurons.lif import IF, LIF, LIFState
from tssd.neurons.membranes import recording

__all__ = ["IF", "LIF", "LIFState", "Neuron", "membrane_like", "per_channel", "recording"]
