"""Training rules: ways in which gradients go back other than through all timesteps together."""

from tssd.rules.base import Rule
from tssd.rules.fold import fold_real_spikes
from tssd.rules.sltt import SLTT

__all__ = ["SLTT", "Rule", "fold_real_spikes"]
