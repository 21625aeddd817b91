"""Low-latency spiking neural networks by temporal-spatial self-distillation (TSSD)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tssd.adapters import adapt
    from tssd.errors import DataError, TssdError, UsageError
    from tssd.evaluation.recalibration import recalibrated
    from tssd.fitting.fit import fit
    from tssd.fitting.module import TssdModule
    from tssd.fitting.run import Run
    from tssd.models import NetOutput, SpikingNet, StagedNet, resnet18, vgg9
    from tssd.neurons import IF, LIF, Neuron
    from tssd.objectives import (
        SelfDistillation,
        Timesteps,
        control,
        control_exit,
        tssd,
        tssd_euclidean,
        tssd_paper,
        vanilla,
    )
    from tssd.parameter_options import parameter_groups
    from tssd.progress import set_progress
    from tssd.reopened.load import load
    from tssd.teachers import Teacher
    from tssd.time import PerStep, TimeFold, repeat_in_time
    from tssd.trained import Prediction, TrainedNet

# Where each public name lives. Imported when first asked for: torch takes seconds to import, and
# `tssd --help` or reading event files needs none of it.
_HOMES = {
    "tssd.adapters": ("adapt",),
    "tssd.reopened.load": ("load",),
    "tssd.errors": ("DataError", "TssdError", "UsageError"),
    "tssd.evaluation.recalibration": ("recalibrated",),
    "tssd.fitting.fit": ("fit",),
    "tssd.fitting.module": ("TssdModule",),
    "tssd.fitting.run": ("Run",),
    "tssd.models": ("NetOutput", "SpikingNet", "StagedNet", "resnet18", "vgg9"),
    "tssd.neurons": ("IF", "LIF", "Neuron"),
    "tssd.objectives": (
        "SelfDistillation",
        "Timesteps",
        "control",
        "control_exit",
        "tssd",
        "tssd_euclidean",
        "tssd_paper",
        "vanilla",
    ),
    "tssd.parameter_options": ("parameter_groups",),
    "tssd.progress": ("set_progress",),
    "tssd.teachers": ("Teacher",),
    "tssd.time": ("PerStep", "TimeFold", "repeat_in_time"),
    "tssd.trained": ("Prediction", "TrainedNet"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "IF",
    "LIF",
    "DataError",
    "NetOutput",
    "Neuron",
    "PerStep",
    "Prediction",
    "Run",
    "SelfDistillation",
    "SpikingNet",
    "StagedNet",
    "Teacher",
    "TimeFold",
    "Timesteps",
    "TrainedNet",
    "TssdError",
    "TssdModule",
    "UsageError",
    "adapt",
    "control",
    "control_exit",
    "fit",
    "load",
    "parameter_groups",
    "recalibrated",
    "repeat_in_time",
    "resnet18",
    "set_progress",
    "tssd",
    "tssd_euclidean",
    "tssd_paper",
    "vanilla",
    "vgg9",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("tssd")
        except PackageNotFoundError:  # imported from a checkout that is not installed
            return "unknown"
    if name not in _HOME:
        return _part(name)
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def _part(name: str) -> Any:
    """A package or module of tssd, as in tssd.rules.SLTT()."""
    try:
        if not name.startswith("_"):
            return import_module(f"tssd.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"tssd.{name}":
            raise
    raise AttributeError(f"module 'tssd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
