"""Evaluation: one pass over the data gives accuracy and cost at every number of timesteps."""

from tssd.evaluation.accuracy import ConfusionMatrix, TimestepAccuracy
from tssd.evaluation.calibration import Calibration, Reliability
from tssd.evaluation.costs import CostCounter
from tssd.evaluation.early_exit import EarlyExit, EarlyExitCurve
from tssd.evaluation.exit_costs import ExitCosts
from tssd.evaluation.firing import FiringRates
from tssd.evaluation.operations import EnergyModel, LayerOperations, Operations, Totals
from tssd.evaluation.result import Evaluation
from tssd.evaluation.run import accuracy_at_every_timestep, evaluate

__all__ = [
    "Calibration",
    "ConfusionMatrix",
    "CostCounter",
    "EarlyExit",
    "EarlyExitCurve",
    "EnergyModel",
    "Evaluation",
    "ExitCosts",
    "FiringRates",
    "LayerOperations",
    "Operations",
    "Reliability",
    "TimestepAccuracy",
    "Totals",
    "accuracy_at_every_timestep",
    "evaluate",
]
