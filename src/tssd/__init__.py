"""Low-latency spiking neural networks by temporal-spatial self-distillation (TSSD)."""

from typing import TYPE_CHECKING

from tssd.adapt import adapt
from tssd.errors import DataError, TssdError, UsageError
from tssd.models import NetOutput, SpikingNet, StagedNet, resnet18, vgg9
from tssd.neurons import IF, LIF, Neuron
from tssd.objectives import SelfDistillation, Timesteps, tssd, tssd_literal, vanilla
from tssd.time import PerStep, TimeFold, repeat_in_time

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn


def load(run: "str | Path") -> "nn.Module":
    """The trained network of a run folder, in eval mode; needs neither data nor objectives.

    Raises: DataError: not a finished run, or damaged.
    """
    # Reading a run needs the whole training machinery, which takes seconds to import.
    from tssd.config.runs import load as read

    return read(run)


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
    "adapt",
    "load",
    "repeat_in_time",
    "resnet18",
    "tssd",
    "tssd_literal",
    "vanilla",
    "vgg9",
]
