"""Trained networks as graphs: norms folded into weights, neurons as plain recurrences."""

from tssd.lowering.lower import lower
from tssd.lowering.module import LoweredNet

__all__ = ["LoweredNet", "lower"]
