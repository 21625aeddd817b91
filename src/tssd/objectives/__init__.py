"""Training objectives and how they compose into TSSD."""

from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.distance import (
    Distance,
    EuclideanNorm,
    MeanSquare,
    SquaredNorm,
    TemperatureKL,
)
from tssd.objectives.diverged import DivergedError
from tssd.objectives.exits import Exit, ExitPlan
from tssd.objectives.frozen import Frozen
from tssd.objectives.loss import Loss, SelfDistillation
from tssd.objectives.presets import (
    control,
    control_exit,
    tssd,
    tssd_euclidean,
    tssd_paper,
    vanilla,
)
from tssd.objectives.spatial import SpatialDistillation
from tssd.objectives.task import ExitCrossEntropy, TaskCrossEntropy
from tssd.objectives.teacher import TeacherDistillation
from tssd.objectives.temporal import TemporalDistillation
from tssd.time import as_sequence

__all__ = [
    "Distance",
    "DivergedError",
    "EuclideanNorm",
    "Exit",
    "ExitCrossEntropy",
    "ExitPlan",
    "Frozen",
    "Loss",
    "MeanSquare",
    "Objective",
    "SelfDistillation",
    "SpatialDistillation",
    "SquaredNorm",
    "TaskCrossEntropy",
    "TeacherDistillation",
    "TemperatureKL",
    "TemporalDistillation",
    "Timesteps",
    "as_sequence",
    "control",
    "control_exit",
    "tssd",
    "tssd_euclidean",
    "tssd_paper",
    "vanilla",
]
