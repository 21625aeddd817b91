"""Training objectives and how they compose into TSSD."""

from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.checks import Loss
from tssd.objectives.distance import (
    Distance,
    EuclideanNorm,
    MeanSquare,
    SquaredNorm,
    TemperatureKL,
)
from tssd.objectives.diverged import DivergedError
from tssd.objectives.exit_contrast import ExitContrast
from tssd.objectives.exits import Exit, ExitPlan
from tssd.objectives.frozen import Frozen
from tssd.objectives.im import IMLoss
from tssd.objectives.loss import SelfDistillation
from tssd.objectives.presets import (
    control,
    control_exit,
    tssd,
    tssd_euclidean,
    tssd_paper,
    vanilla,
)
from tssd.objectives.recdis import RecDisLoss
from tssd.objectives.rmp import RMPLoss
from tssd.objectives.sml import SurrogateModuleLearning
from tssd.objectives.spatial import SpatialDistillation
from tssd.objectives.sscl import ContrastiveDistillation
from tssd.objectives.task import ExitCrossEntropy, TaskCrossEntropy
from tssd.objectives.teacher import TeacherDistillation
from tssd.objectives.temporal import TemporalDistillation
from tssd.objectives.tet import TemporalEfficientTraining
from tssd.time import as_sequence

__all__ = [
    "ContrastiveDistillation",
    "Distance",
    "DivergedError",
    "EuclideanNorm",
    "Exit",
    "ExitContrast",
    "ExitCrossEntropy",
    "ExitPlan",
    "Frozen",
    "IMLoss",
    "Loss",
    "MeanSquare",
    "Objective",
    "RMPLoss",
    "RecDisLoss",
    "SelfDistillation",
    "SpatialDistillation",
    "SquaredNorm",
    "SurrogateModuleLearning",
    "TaskCrossEntropy",
    "TeacherDistillation",
    "TemperatureKL",
    "TemporalDistillation",
    "TemporalEfficientTraining",
    "Timesteps",
    "as_sequence",
    "control",
    "control_exit",
    "tssd",
    "tssd_euclidean",
    "tssd_paper",
    "vanilla",
]
