"""Simulated recordings: an image on a monitor before an event camera, as CIFAR10-DVS was made."""

from tssd.events.simulate.camera import DVS128, DvsCamera
from tssd.events.simulate.movement import ClosedLoop
from tssd.events.simulate.recording import FULL_DURATION, simulate
from tssd.events.simulate.scene import Monitor
from tssd.events.simulate.setup import Setup

__all__ = ["DVS128", "FULL_DURATION", "ClosedLoop", "DvsCamera", "Monitor", "Setup", "simulate"]
