"""Low-latency spiking neural networks by temporal-spatial self-distillation (TSSD)."""

from tssd.errors import DataError, TssdError, UsageError
from tssd.models import NetOutput, SpikingNet, StagedNet, resnet18, vgg9
from tssd.neurons import IF, LIF, Neuron
from tssd.objectives import SelfDistillation, Timesteps, tssd, tssd_literal, vanilla
from tssd.time import PerStep, TimeFold, repeat_in_time

__all__ = [
    "IF",
    "LIF",
    "DataError",
    "NetOutput",
    "Neuron",
    "PerStep",
    "SelfDistillation",
    "SpikingNet",
    "StagedNet",
    "TimeFold",
    "Timesteps",
    "TssdError",
    "UsageError",
    "repeat_in_time",
    "resnet18",
    "tssd",
    "tssd_literal",
    "vanilla",
    "vgg9",
]
