"""Spiking neurons: pure functions of a sequence and a state."""

from tssd.neurons.base import Neuron, membrane_like, per_channel
from tssd.neurons.dsr import DSRIF, DSRLIF
from tssd.neurons.fold import folded
from tssd.neurons.glif import GLIF, GLIFState
from tssd.neurons.lif import IF, LIF, LIFState
from tssd.neurons.membranes import recording
from tssd.neurons.mlf import MLF, MLFState
from tssd.neurons.mpbn import MPBNLIF
from tssd.neurons.plif import PLIF
from tssd.neurons.qcfs import QCFS, QCFSState
from tssd.neurons.real_spike import RealSpike
from tssd.neurons.smoothed import SmoothedLIF, SmoothedState
from tssd.neurons.strict import strictly_above

__all__ = [
    "DSRIF",
    "DSRLIF",
    "GLIF",
    "IF",
    "LIF",
    "MLF",
    "MPBNLIF",
    "PLIF",
    "QCFS",
    "GLIFState",
    "LIFState",
    "MLFState",
    "Neuron",
    "QCFSState",
    "RealSpike",
    "SmoothedLIF",
    "SmoothedState",
    "folded",
    "membrane_like",
    "per_channel",
    "recording",
    "strictly_above",
]
