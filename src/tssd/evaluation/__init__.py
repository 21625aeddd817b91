"""Evaluation: one pass over the data gives accuracy and cost at every number of timesteps."""

from tssd.evaluation.accuracy import ConfusionMatrix, TimestepAccuracy
from tssd.evaluation.calibration import Calibration
from tssd.evaluation.costs import CostCounter
from tssd.evaluation.early_exit import EarlyExitCurve
from tssd.evaluation.firing import FiringRates
from tssd.evaluation.recalibration import recalibrate, recalibrated
from tssd.evaluation.run import accuracy_at_every_timestep, evaluate
from tssd.runs.evaluation import (
    EarlyExit,
    EnergyModel,
    Evaluation,
    ExitCosts,
    LayerOperations,
    Operations,
    Reliability,
    Totals,
)

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
    "recalibrate",
    "recalibrated",
]
