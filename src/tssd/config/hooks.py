"""Callbacks, loggers and initial weights of a recipe: what goes around its training."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from tssd.config.make import make
from tssd.config.options import content, parameters
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.config.types import PLAIN, as_node
from tssd.errors import UsageError
from tssd.training.initial_weights import InitialWeights
from tssd.training.loggers import MakeLogger

# Stands for the run folder, which a recipe does not know.
FOLDER = "RUN_FOLDER"
# What loggers of Lightning are given that the recipe does not give them, and the package that they
# need.
FILLED = {
    "CSVLogger": {"save_dir": FOLDER, "name": "csv"},
    "TensorBoardLogger": {"save_dir": FOLDER, "name": "tensorboard", "version": ""},
    "WandbLogger": {"save_dir": FOLDER, "name": FOLDER},
    "MLFlowLogger": {"run_name": FOLDER},
}
PACKAGES = {"TensorBoardLogger": "tensorboard", "WandbLogger": "wandb", "MLFlowLogger": "mlflow"}
LIGHTNING = "lightning.pytorch.loggers"


class Hooks(NamedTuple):
    """What `Parts` takes of this name each."""

    callbacks: tuple[Callback, ...]
    loggers: tuple[MakeLogger, ...] | None
    init: InitialWeights | None
    freeze: tuple[str, ...]


def hooks(config: Config) -> Hooks:
    """Make those that a recipe has; the loggers once the run folder is known.

    Raises: UsageError: a value out of range, or a package that is not installed.
    """
    callbacks: dict[str, Callback] = make(config, "callbacks") if "callbacks" in config else {}
    names: Any = config.get("freeze", [])
    source = config.get("init")
    return Hooks(
        callbacks=tuple(callbacks.values()),
        loggers=(_logger_maker(config["logger"]),) if "logger" in config else None,
        init=None if source is None else InitialWeights(source),
        freeze=(names,) if isinstance(names, str) else tuple(names),
    )


def written(config: Config) -> Config:
    """Those sections of a recipe that are not written as jsonargparse does.

    It adds what a class hands on to another one, and Lightning's defaults are not all plain values.
    Of a logger only what is given is written: its defaults are what the environment says, keys
    among it.
    """
    found = {name: config[name] for name in ("logger",) if name in config}
    if "callbacks" in config:
        nodes = {name: as_node(Callback, node) for name, node in config["callbacks"].items()}
        found["callbacks"] = {name: _with_defaults(node) for name, node in nodes.items()}
    return found


def in_folder(node: Any, folder: str = FOLDER) -> Config:
    """The section of a logger with what depends on the run folder."""
    node = as_node(Logger, node)
    thing = load_object(node["class_path"])
    known = FILLED.get(thing.__name__, {}) if _is_lightnings(thing) else {}
    filled = {name: folder if value == FOLDER else value for name, value in known.items()}
    return node | {"init_args": filled | content(node)}


def _with_defaults(node: Config) -> Config:
    slots = parameters(load_object(node["class_path"]))
    plain = {name: slot.default for name, slot in slots.items() if type(slot.default) in PLAIN}
    return node | {"init_args": plain | content(node)}


def _logger_maker(node: Any) -> MakeLogger:
    thing = load_object(as_node(Logger, node)["class_path"])
    package = PACKAGES.get(thing.__name__) if _is_lightnings(thing) else None
    if package is not None and find_spec(package) is None:
        raise UsageError(
            f"logger: {thing.__name__} needs {package}, which is not installed; "
            f"`pip install {package}`, or use --logger csv"
        )

    def make_logger(folder: Path) -> Logger:
        return make({"logger": in_folder(node, str(folder))}, "logger")

    return make_logger


def _is_lightnings(thing: Any) -> bool:
    return thing.__module__.startswith(f"{LIGHTNING}.")
