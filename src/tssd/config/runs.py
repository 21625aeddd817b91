"""Trained runs, read back."""

import json
from pathlib import Path
from typing import Any

import yaml
from torch import nn

from tssd.config.build import build, build_net
from tssd.errors import DataError
from tssd.training.parts import Parts
from tssd.training.run_folder import RunFolder, load_weights


def load(path: str | Path) -> nn.Module:
    """The trained network of a run folder, in eval mode; needs neither data nor objectives.

    Raises: DataError: not a finished run, or damaged.
    """
    run = RunFolder.open(path)
    net = build_net(read_model(run)["net"])
    load_weights(run.weights, net)
    return net.eval()


def load_parts(path: str | Path, overrides: list[tuple[str, str]]) -> Parts:
    """Everything of a run folder with its best weights, data and weak classifiers included.

    Args:
        path: of the run folder.
        overrides: options that differ here, such as where the data is.
    Raises: DataError: not a finished run, or damaged.
    """
    from tssd.config.recipe import load_recipe

    run = RunFolder.open(path)
    parts = build(load_recipe(str(run.path), overrides))
    load_weights(run.weights, parts.net)
    if parts.criterion.taps:
        load_weights(run.exits, parts.criterion)
    parts.net.to(parts.device)
    parts.criterion.to(parts.device)
    return parts


def read_model(run: RunFolder) -> dict[str, Any]:
    """Content of model.json. Raises: DataError: it is not there or damaged."""
    try:
        return json.loads(run.model.read_text())
    except FileNotFoundError:
        raise DataError(
            f"{run.path}: no trained network in it yet; finish the run with "
            f"`tssd train {run.path} --resume`"
        ) from None
    except ValueError as error:
        raise DataError(f"{run.model}: damaged ({error}); finish the run again") from None


def read_config(run: RunFolder) -> dict[str, Any]:
    """The complete configuration of a run. Raises: DataError: damaged."""
    try:
        return yaml.safe_load(run.config.read_text())
    except yaml.YAMLError as error:
        raise DataError(f"{run.config}: damaged ({' '.join(str(error).split())})") from None
