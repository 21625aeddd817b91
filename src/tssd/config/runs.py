"""Trained runs, read back."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from tssd.config.load import load_recipe
from tssd.config.make import build_net, make
from tssd.config.model_file import Model, read_model
from tssd.config.recipe import Config
from tssd.config.trust import only_known_parts, trusting
from tssd.errors import DataError, UsageError
from tssd.reading import one_line, read_json
from tssd.runs.folder import RunFolder
from tssd.runs.results import Epoch
from tssd.runs.saved import Saved, fill, saved_weights
from tssd.runs.weights import check_weights
from tssd.trained import LONGEST, FrameInput, ImageInput, TrainedNet
from tssd.training.settings import best_device

if TYPE_CHECKING:
    from tssd.training.parts import Parts

Override = tuple[str, str]


def load(
    path: str | Path,
    *,
    epoch: Epoch | None = None,
    device: torch.device | str | None = None,
    trust: Iterable[str] = (),
) -> TrainedNet:
    """The trained network of a run folder with its preprocessing, in eval mode.

    Needs no data. Of a run that is not finished, the last epoch so far: see `unfinished`.

    Args:
        path: of the run folder.
        epoch: whose weights: the best's on the validation samples, the last's; None = those that
            count in the run's results.
        device: where to put it; None = the CPU.
        trust: modules and packages of your own, or of somebody whose code you trust, that the run
            may import; parts of tssd, torch.nn and torch.optim it always may.
    Raises: DataError: no such weights, or damaged. UsageError: an unknown epoch or device, or
        something in the run that is not trusted.
    """
    if epoch not in (None, "best", "last"):
        raise UsageError(f"epoch: got {epoch!r}, expected 'best', 'last' or None")
    run = RunFolder.open(path)
    trust = [trust] if isinstance(trust, str) else list(trust)
    with trusting(trust):
        model, saved = model_of(run), saved_weights(run, epoch)
        net = _network(run, model, saved)

    @cache
    def reader(timesteps: int) -> Callable[[Path], Tensor]:
        with trusting(trust):
            return _reader(run, timesteps)

    made = TrainedNet(
        _on_device(net, device),
        FrameInput(model.sample_shape)
        if model.is_of_events
        else ImageInput(model.sample_shape, model.mean, model.std),
        class_names=model.class_names,
        timesteps=model.timesteps,
        epoch=saved.epoch,
        unfinished=saved.unfinished,
        read_recording=reader if model.is_of_events else None,
    )
    return made.eval()


class OpenRun(NamedTuple):
    """A run with its data, and where its weights are from."""

    parts: "Parts"
    saved: Saved
    model: Model


def load_parts(
    path: str | Path, overrides: Sequence[Override], *, epoch: Epoch | None = None
) -> "Parts":
    """Everything of a run folder with its weights, data and weak classifiers included.

    What belongs to the network, class names, mean, std and size, is the run's, whatever data it is
    given. It computes in float32, wherever it was trained.

    Args:
        path: of the run folder.
        overrides: options that differ here, such as where the data is.
        epoch: whose weights; see `load`.
    Raises: DataError: no such weights, damaged, or data of other classes or another size.
        UsageError: an option that is wrong, or something in the run that is not trusted.
    """
    return open_run(path, overrides, epoch=epoch).parts


def open_run(
    path: str | Path, overrides: Sequence[Override], *, epoch: Epoch | None = None
) -> OpenRun:
    """The same, with what is known of the weights and the model."""
    # Imported when it is needed: the trainer takes seconds.
    from tssd.config.assemble import build

    run = RunFolder.open(path)
    model, saved = model_of(run), saved_weights(run, epoch)
    parts = build(_for_evaluation(run, overrides), model)
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

    config = _for_evaluation(run, ())
    data = build_data(config)
    return Model(
        net=config["net"],
        timesteps=make(config, "timesteps"),
        class_names=data.class_names,
        sample_shape=data.sample_shape,
        mean=data.mean,
        std=data.std,
        split_hash=_noted_split(run),
    )


def _noted_split(run: RunFolder) -> str | None:
    """The split hash that an earlier version has noted elsewhere."""
    for path in (run.results, run.environment):
        if path.exists() and isinstance(found := read_json(path).get("split_hash"), str):
            return found
    return None


def _for_evaluation(run: RunFolder, overrides: Sequence[Override]) -> Config:
    """A run's configuration, without what only its training needs of the machine."""
    run.read_config()
    config = load_recipe(str(run.path), overrides)
    trainer = config["trainer"] | {"precision": "32-true", "compile": False}
    if not any(name == "trainer.accelerator" for name, _ in overrides):
        try:
            best_device(trainer.get("accelerator", "auto"))
        except UsageError:  # it was trained on another machine
            trainer["accelerator"] = "auto"
    return config | {"trainer": trainer}


def _network(run: RunFolder, model: Model, saved: Saved) -> nn.Module:
    try:
        with only_known_parts():
            with suppress(UsageError), torch.device("meta"):
                # Before any memory is taken, for a damaged file may say any width.
                check_weights(str(saved.source), build_net(model.net), saved.net)
            net = build_net(model.net)
    except UsageError as error:
        raise DataError(f"{run.model}: {error}") from error
    fill(net, saved.net, saved.source)
    if (found := getattr(net, "num_classes", None)) not in (None, len(model.class_names)):
        raise DataError(
            f"{run.model}: the network has {found} classes, but class_names has "
            f"{len(model.class_names)}; restore it or train again into another folder"
        )
    return net


def _on_device(net: nn.Module, device: torch.device | str | None) -> nn.Module:
    try:
        return net.to(device or "cpu")
    except (RuntimeError, AssertionError, TypeError) as error:
        raise UsageError(f"device: got {device!r}, and torch says: {one_line(error)}") from error


def _reader(run: RunFolder, timesteps: int) -> Callable[[Path], Tensor]:
    """What turns a recording into frames, as those of the run's data were made."""
    from tssd.config.assemble import build_data
    from tssd.data.events import EventData

    # The data set itself need not be there: only its options count.
    steps = ("trainer.evaluate_timesteps", str(timesteps))
    data = build_data(_for_evaluation(run, [steps]))
    if not isinstance(data, EventData):
        raise UsageError(
            f"{run.path}: its data, {type(data).__name__}, reads no recordings; give frames "
            "[T, N, C, H, W]"
        )
    return lambda path: data.frames(data.read_file(path))
