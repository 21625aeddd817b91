"""Spiking neurons: pure functions of a sequence and a state."""

from tssd.neurons.base import Neuron
from tssd.neurons.lif import IF, LIF, LIFState

__all__ = ["IF", "LIF", "LIFState", "Neuron"]
