"""Runs exported networks event by event on a CPU, without torch."""

from tssd.engine.changes import changed_spikes
from tssd.engine.exits import Decisions
from tssd.engine.net import FILE, Network, Trace, load

__all__ = ["FILE", "Decisions", "Network", "Trace", "changed_spikes", "load"]
