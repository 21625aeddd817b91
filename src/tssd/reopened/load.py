"""The network of a run as a product; needs neither its data nor the trainer."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from tssd.adapters import adapt
from tssd.adapters.given import copy_of, example_of
from tssd.adapters.printed import printed
from tssd.config.make import build_net, make
from tssd.config.trust import only_known_parts, trusting
from tssd.earlier import options_of
from tssd.errors import DataError, UsageError
from tssd.evaluation.device import one_line_refusal
from tssd.hub.locate import located
from tssd.longest import build_for
from tssd.models.base import SpikingNet
from tssd.objectives.per_timestep import build_missing
from tssd.reopened.open_run import for_evaluation, model_of
from tssd.runs.folder import RunFolder
from tssd.runs.results import Epoch
from tssd.runs.saved import Saved, fill, saved_weights
from tssd.runs.weights import check_weights
from tssd.trained import FrameInput, GivenInput, ImageInput, TrainedNet
from tssd.trained.model_file import Model


def load(
    path: str | Path,
    *,
    net: nn.Module | None = None,
    epoch: Epoch | int | None = None,
    device: torch.device | str | None = None,
    trust: Iterable[str] = (),
) -> TrainedNet:
    """The trained network of a run folder with its preprocessing, in eval mode.

    Needs no data. Of a run that is not finished, the last epoch so far: see `unfinished`.

    Args:
        path: of the run folder, or the name of a trained network: `hub:NAME` of those that come
            with tssd, `hub:OWNER/NAME[@REVISION]` of those on a hub, which are fetched first.
        net: the network of a run that was trained from Python with one that no file can rebuild:
            one like it, which is copied and filled; None = the run says how it is built.
        epoch: whose weights: the best's on the validation samples, the last's, or by its number,
            from 1, those of one whose checkpoint was kept; None = those that count in the results.
        device: where to put it; None = the CPU.
        trust: modules and packages of your own, or of somebody whose code you trust, that the run
            may import; parts of tssd, torch.nn and torch.optim it always may.
    Raises: DataError: no such weights, or damaged. UsageError: an unknown epoch or device, another
        network than the run's, as far as print shows it, or something that is not trusted.
    """
    if epoch not in (None, "best", "last") and type(epoch) is not int:
        raise UsageError(
            f"epoch: got {epoch!r}, expected 'best', 'last', the number of a kept one, or None"
        )
    run = RunFolder.open(located(path))
    trust = [trust] if isinstance(trust, str) else list(trust)
    with trusting(trust):
        model, saved = model_of(run), saved_weights(run, epoch)
        if net is None:
            made = _network(run, model, saved)
        else:
            made = _given(net, model, saved, printed_as=options_of(model.net).get("printed"))
    return _trained(run, model, saved, made, device=device, trust=trust)


def load_into(path: Path, net: nn.Module) -> TrainedNet:
    """As `load`, with the network that the run was trained with, before it was."""
    run = RunFolder.open(path)
    with trusting([]):
        model, saved = model_of(run), saved_weights(run, None)
        return _trained(run, model, saved, _given(net, model, saved))


def _trained(
    run: RunFolder,
    model: Model,
    saved: Saved,
    net: nn.Module,
    *,
    device: torch.device | str | None = None,
    trust: Iterable[str] = (),
) -> TrainedNet:
    @cache
    def reader(timesteps: int) -> Callable[[Path], Tensor]:
        with trusting(trust):
            return _reader(run, model, timesteps)

    trained = TrainedNet(
        _on_device(net, device),
        _input(model),
        class_names=model.class_names,
        timesteps=model.timesteps,
        epoch=saved.epoch,
        unfinished=saved.unfinished,
        read_recording=reader if model.is_of_events else None,
    )
    return trained.eval()


def _input(model: Model) -> ImageInput | FrameInput | GivenInput:
    """What turns samples into the network's input."""
    if model.as_given is not None:
        return GivenInput(model.sample_shape, in_time=model.as_given == "frames")
    if model.is_of_events:
        return FrameInput(model.sample_shape)
    return ImageInput(model.sample_shape, model.mean, model.std, model.crop_share)


def _given(
    net: nn.Module, model: Model, saved: Saved, *, printed_as: str | None = None
) -> nn.Module:
    """A network like the run's, as it was adapted for it, with the run's weights."""
    layout = options_of(model.net).get("layout")
    made = copy_of(net)
    if layout is not None and not isinstance(made, SpikingNet):
        made = adapt(made, example=example_of(model.sample_shape), layout=layout)
    shown = printed(made)
    if model.weights is not None:
        make({"weights": model.weights}, "weights").put_into(made)
    build_for(made, model.timesteps.teacher)
    fill(made, saved.net, saved.source)  # which names a weight of another shape
    if printed_as not in (None, shown):
        raise UsageError(
            f"net: print shows another {type(net).__name__} than this run was trained with; give "
            "one that is built in the same way"
        )
    return made


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
    net = build_net(model.net, model.weights)
    build_missing(net, model.timesteps.teacher)
    return net


def _on_device(net: nn.Module, device: torch.device | str | None) -> nn.Module:
    with one_line_refusal(device):
        return net.to(device or "cpu")


def _reader(run: RunFolder, model: Model, timesteps: int) -> Callable[[Path], Tensor]:
    """What turns a recording into frames, as those of the run's data were made."""
    from tssd.config.assemble import build_data
    from tssd.data.event_folder import EventFolder
    from tssd.data.events import EventData

    # The data set itself need not be there: only its options count.
    steps = ("trainer.evaluate_timesteps", str(timesteps))
    data = build_data(for_evaluation(run, [steps]))
    if not isinstance(data, EventData):
        raise UsageError(
            f"{run.path}: its data, {type(data).__name__}, reads no recordings; give frames "
            "[T, N, C, H, W]"
        )
    if isinstance(data, EventFolder) and data.height is None and model.sensor is not None:
        # Found in the folder, which need not be there; another camera's pixels are other cells.
        data.height, data.width = model.sensor
    return lambda path: data.frames(data.read_file(path))
