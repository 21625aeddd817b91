"""The network of a run as a product; needs neither its data nor the trainer."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from tssd.config.make import build_net
from tssd.config.trust import only_known_parts, trusting
from tssd.errors import DataError, UsageError
from tssd.longest import build_for
from tssd.reading import one_line
from tssd.reopened.open_run import for_evaluation, model_of
from tssd.runs.folder import RunFolder
from tssd.runs.results import Epoch
from tssd.runs.saved import Saved, fill, saved_weights
from tssd.runs.weights import check_weights
from tssd.trained import FrameInput, ImageInput, TrainedNet
from tssd.trained.model_file import Model


def load(
    path: str | Path,
    *,
    epoch: Epoch | int | None = None,
    device: torch.device | str | None = None,
    trust: Iterable[str] = (),
) -> TrainedNet:
    """The trained network of a run folder with its preprocessing, in eval mode.

    Needs no data. Of a run that is not finished, the last epoch so far: see `unfinished`.

    Args:
        path: of the run folder.
        epoch: whose weights: the best's on the validation samples, the last's, or by its number,
            from 1, those of one whose checkpoint was kept; None = those that count in the results.
        device: where to put it; None = the CPU.
        trust: modules and packages of your own, or of somebody whose code you trust, that the run
            may import; parts of tssd, torch.nn and torch.optim it always may.
    Raises: DataError: no such weights, or damaged. UsageError: an unknown epoch or device, or
        something in the run that is not trusted.
    """
    if epoch not in (None, "best", "last") and type(epoch) is not int:
        raise UsageError(
            f"epoch: got {epoch!r}, expected 'best', 'last', the number of a kept one, or None"
        )
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
        else ImageInput(model.sample_shape, model.mean, model.std, model.crop_share),
        class_names=model.class_names,
        timesteps=model.timesteps,
        epoch=saved.epoch,
        unfinished=saved.unfinished,
        read_recording=reader if model.is_of_events else None,
    )
    return made.eval()


def _network(run: RunFolder, model: Model, saved: Saved) -> nn.Module:
    try:
        with only_known_parts():
            with suppress(UsageError), torch.device("meta"):
                # Before any memory is taken, for a damaged file may say any width.
                check_weights(str(saved.source), _built(model), saved.net)
            net = _built(model)
    except UsageError as error:
        raise DataError(f"{run.model}: {error}") from error
    fill(net, saved.net, saved.source)
    if (found := getattr(net, "num_classes", None)) not in (None, len(model.class_names)):
        raise DataError(
            f"{run.model}: the network has {found} classes, but class_names has "
            f"{len(model.class_names)}; restore it or train again into another folder"
        )
    return net


def _built(model: Model) -> nn.Module:
    """The network, with the parameters that stand for one timestep each, not filled in yet."""
    net = build_net(model.net)
    build_for(net, model.timesteps.teacher)
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
    data = build_data(for_evaluation(run, [steps]))
    if not isinstance(data, EventData):
        raise UsageError(
            f"{run.path}: its data, {type(data).__name__}, reads no recordings; give frames "
            "[T, N, C, H, W]"
        )
    return lambda path: data.frames(data.read_file(path))
