"""A run with everything it was trained with: data, weights, exits."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tssd.config.load import load_recipe
from tssd.config.make import make
from tssd.config.recipe import Config
from tssd.config.sections import DEFAULTS
from tssd.config.trust import GIVEN
from tssd.errors import UsageError
from tssd.hub.locate import located
from tssd.reading import read_json
from tssd.runs.folder import RunFolder
from tssd.runs.results import Epoch
from tssd.runs.saved import Saved, fill, saved_weights
from tssd.trained import LONGEST
from tssd.trained.model_file import Model, read_model
from tssd.training.settings import best_device

if TYPE_CHECKING:
    from tssd.training.parts import Parts

Override = tuple[str, str]

# Sections of a run that say nothing of its network. What a stranger names there is not looked at.
OF_TRAINING = ("callbacks", "logger", "init", "freeze", "rule")


class OpenRun(NamedTuple):
    """A run with its data, and where its weights are from."""

    parts: "Parts"
    saved: Saved
    model: Model


def load_parts(
    path: str | Path, overrides: Sequence[Override], *, epoch: Epoch | int | None = None
) -> "Parts":
    """Everything of a run folder with its weights, data and exits included.

    What belongs to the network, class names, mean, std and size, is the run's, whatever data it is
    given. It computes in float32, wherever it was trained.

    Args:
        path: of the run folder, or `hub:...`; see `load`.
        overrides: options that differ here, such as where the data is.
        epoch: whose weights; see `load`.
    Raises: DataError: no such weights, damaged, or data of other classes or another size.
        UsageError: an option that is wrong, or something in the run that is not trusted.
    """
    return open_run(path, overrides, epoch=epoch).parts


def open_run(
    path: str | Path, overrides: Sequence[Override], *, epoch: Epoch | int | None = None
) -> OpenRun:
    """The same, with what is known of the weights and the model."""
    # Imported when it is needed: the trainer takes seconds.
    from tssd.config.assemble import build

    run = RunFolder.open(located(path))
    model, saved = model_of(run), saved_weights(run, epoch)
    parts = build(for_evaluation(run, overrides), model)
    longest = max(parts.evaluate_timesteps, parts.criterion.timesteps.teacher)
    if longest > LONGEST:
        raise UsageError(f"timesteps: got {longest}, expected 1 to {LONGEST}")
    fill(parts.net, saved.net, saved.source)
    if parts.criterion.taps:
        exported = saved.source == run.weights
        fill(parts.criterion, saved.exits, run.exits if exported else saved.source)
    parts.net.to(parts.device)
    parts.criterion.to(parts.device)
    return OpenRun(parts, saved, model)


def model_of(run: RunFolder) -> Model:
    """What model.json says; where an earlier version has not written it yet, what the data says.

    Raises: DataError: damaged, or no trained network.
    """
    try:
        model = read_model(run.model)
        return model if model.split_hash else replace(model, split_hash=_noted_split(run))
    except FileNotFoundError:
        saved_weights(run)  # that there are none is said before anything is read that takes long
    from tssd.config.assemble import build_data

    config = for_evaluation(run, ())
    data = build_data(config)
    return Model(
        net=config["net"],
        timesteps=make(config, "timesteps"),
        class_names=data.class_names,
        sample_shape=data.sample_shape,
        mean=data.mean,
        std=data.std,
        split_hash=_noted_split(run),
        weights=config.get("weights"),
    )


def _noted_split(run: RunFolder) -> str | None:
    """The split hash that an earlier version has noted elsewhere."""
    if run.is_finished:
        return run.read_results().split_hash
    found = read_json(run.environment).get("split_hash") if run.environment.exists() else None
    return found if isinstance(found, str) else None


def for_evaluation(run: RunFolder, overrides: Sequence[Override]) -> Config:
    """A run's configuration, without what only its training needs of the machine."""
    run.read_config()
    config = load_recipe(str(run.path), overrides, without=OF_TRAINING)
    for section in ("optimizer", "schedule"):
        if config[section].get("class_path", "").startswith(f"{GIVEN}."):
            config[section] = DEFAULTS[section]  # no file can rebuild it, and training alone has it
    trainer = config["trainer"] | {"precision": "32-true", "compile": False}
    if not any(name == "trainer.accelerator" for name, _ in overrides):
        try:
            best_device(trainer.get("accelerator", "auto"))
        except UsageError:  # it was trained on another machine
            trainer["accelerator"] = "auto"
    return config | {"trainer": trainer}
