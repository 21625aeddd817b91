"""Simulated recordings: an image on a monitor before an event camera, as CIFAR10-DVS was made.

Needs no torch; `simulate.datasets` writes whole data sets in the layouts of the originals.
"""

from tssd.simulate.camera import DVS128, DvsCamera
from tssd.simulate.movement import ClosedLoop
from tssd.simulate.recording import FULL_DURATION, simulate
from tssd.simulate.scene import Monitor
from tssd.simulate.setup import Setup

__all__ = ["DVS128", "FULL_DURATION", "ClosedLoop", "DvsCamera", "Monitor", "Setup", "simulate"]
