"""Training rules: ways in which gradients go back other than through all timesteps together."""

from tssd.rules.base import Rule
from tssd.rules.fold import fold_real_spikes
from tssd.rules.mtt import MixedTimesteps
from tssd.rules.rates import RateBackpropagation
from tssd.rules.sltt import SLTT

__all__ = ["SLTT", "MixedTimesteps", "RateBackpropagation", "Rule", "fold_real_spikes"]
