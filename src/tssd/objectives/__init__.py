"""Training objectives and how they compose into TSSD."""

from tssd.objectives.adjacent import AdjacentDistillation
from tssd.objectives.attention import AttentionDistillation
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.blurred_features import BlurredFeatureDistillation
from tssd.objectives.byot import ExitImitation, FeatureHints
from tssd.objectives.checks import Loss
from tssd.objectives.confident import ConfidentSteps
from tssd.objectives.distance import (
    Distance,
    EuclideanNorm,
    MeanSquare,
    SquaredNorm,
    TemperatureKL,
)
from tssd.objectives.diverged import DivergedError
from tssd.objectives.ensemble import EnsembleDistillation
from tssd.objectives.esd import ReliableDistillation
from tssd.objectives.etc import TemporalConsistency
from tssd.objectives.exit_contrast import ExitContrast
from tssd.objectives.exits import Exit, ExitPlan
from tssd.objectives.features import FeatureDistillation
from tssd.objectives.firing_rate import FiringRate
from tssd.objectives.frozen import Frozen
from tssd.objectives.im import IMLoss
from tssd.objectives.joint import JointANN
from tssd.objectives.loss import SelfDistillation
from tssd.objectives.presets import (
    control,
    control_exit,
    tssd,
    tssd_euclidean,
    tssd_paper,
    vanilla,
)
from tssd.objectives.ranked import RankedDistillation
from tssd.objectives.recdis import RecDisLoss
from tssd.objectives.rmp import RMPLoss
from tssd.objectives.selective import SelectiveDistillation
from tssd.objectives.sml import SurrogateModuleLearning
from tssd.objectives.spatial import SpatialDistillation
from tssd.objectives.sscl import ContrastiveDistillation
from tssd.objectives.stable_spike import PerturbedPredictions, StableSpikes
from tssd.objectives.stepwise import StepwiseDistillation
from tssd.objectives.task import ExitCrossEntropy, TaskCrossEntropy
from tssd.objectives.teacher import TeacherDistillation
from tssd.objectives.teacher_free import TeacherFreeDistillation
from tssd.objectives.temporal import TemporalDistillation
from tssd.objectives.tet import TemporalEfficientTraining
from tssd.objectives.tks import TemporalKnowledgeSharing
from tssd.objectives.trt import TemporalWeightPenalty
from tssd.objectives.weighted_soft_labels import WeightedSoftLabels
from tssd.time import as_sequence

__all__ = [
    "AdjacentDistillation",
    "AttentionDistillation",
    "BlurredFeatureDistillation",
    "ConfidentSteps",
    "ContrastiveDistillation",
    "Distance",
    "DivergedError",
    "EnsembleDistillation",
    "EuclideanNorm",
    "Exit",
    "ExitContrast",
    "ExitCrossEntropy",
    "ExitImitation",
    "ExitPlan",
    "FeatureDistillation",
    "FeatureHints",
    "FiringRate",
    "Frozen",
    "IMLoss",
    "JointANN",
    "Loss",
    "MeanSquare",
    "Objective",
    "PerturbedPredictions",
    "RMPLoss",
    "RankedDistillation",
    "RecDisLoss",
    "ReliableDistillation",
    "SelectiveDistillation",
    "SelfDistillation",
    "SpatialDistillation",
    "SquaredNorm",
    "StableSpikes",
    "StepwiseDistillation",
    "SurrogateModuleLearning",
    "TaskCrossEntropy",
    "TeacherDistillation",
    "TeacherFreeDistillation",
    "TemperatureKL",
    "TemporalConsistency",
    "TemporalDistillation",
    "TemporalEfficientTraining",
    "TemporalKnowledgeSharing",
    "TemporalWeightPenalty",
    "Timesteps",
    "WeightedSoftLabels",
    "as_sequence",
    "control",
    "control_exit",
    "tssd",
    "tssd_euclidean",
    "tssd_paper",
    "vanilla",
]
