"""A network that was given: as an object, as what builds one, or by its name."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from tssd.adapters.given import copy_of, self_adapted
from tssd.adapters.net import AdaptedNet
from tssd.adapters.printed import printed
from tssd.config.own_net import ADAPTED
from tssd.config.recipe import Config
from tssd.config.types import check_class
from tssd.data import DataModule
from tssd.data.given import GivenData
from tssd.data.given_loader import GivenLoader
from tssd.errors import UsageError
from tssd.fitting.nodes import import_path, maker_node
from tssd.fitting.recipe import listed, put
from tssd.fitting.record import given
from tssd.image_size import as_option
from tssd.models.base import SpikingNet, Tap, eval_mode
from tssd.training.given import named

# Samples of a dry run.
SAMPLES = 4
# How two networks are compared: on inputs so strong that one that hardly fires otherwise does, and
# for so long that what its neurons remember shows.
GAINS = (1.0, 3.0, 10.0, 100.0)
COMPARED = 8


class Needs(NamedTuple):
    """What a run asks of its network.

    Args:
        data: that it is trained on, connected.
        taps: where exits stand; None = in the middle.
        needs_taps: whether there are exits, or terms that look at the network's features.
        timesteps: T_t.
    """

    data: DataModule
    taps: Sequence[Tap] | None
    needs_taps: bool
    timesteps: int


def with_net(config: Config, net: Any, needs: Needs) -> dict[str, Any]:
    """Put a network into a configuration; what was given as an object, by section.

    Args:
        config: to be changed.
        net: a module, which is copied; a class, a partial or a function that builds one, with the
            arguments in_channels, num_classes and image_size from the data, where it has them; or
            the name of one of tssd, or an import path.
        needs: what the run asks of it.
    Raises: UsageError: something else, or a network that does not fit.
    """
    if isinstance(net, nn.Module):
        return _with_object(config, net, needs)
    if isinstance(net, str):
        put(config, "net", net)
        _know_classes(needs.data)
        return {}
    if not callable(net):
        raise UsageError(
            f"net: got a {type(net).__name__}, expected a torch.nn.Module, what builds one, or a "
            "name such as 'vgg9'"
        )
    options = _shapes(net, needs.data)

    def build() -> nn.Module:
        built = net(**options)
        if not isinstance(built, nn.Module):
            raise UsageError(
                f"net: {named(net)} returned a {type(built).__name__}, expected a torch.nn.Module"
            )
        return built

    node = maker_node(net)
    is_checked = node is not None and _is_checked(node["class_path"])
    if is_checked and _knows_classes(needs.data):
        config["net"] = node
        return {}
    # What it draws here is not what the run begins with.
    with torch.random.fork_rng(devices=[]):
        ready = _ready(build(), needs)
    _check_classes(named(net), ready, needs.data)
    if is_checked:
        config["net"] = node
        return {}
    config["net"] = _record(named(net), ready)
    return {"net": lambda: _ready(build(), needs)}


def _with_object(config: Config, net: nn.Module, needs: Needs) -> dict[str, Any]:
    ready = _ready(copy_of(net), needs)
    _check_classes(type(net).__name__, ready, needs.data)
    node = _rebuilding_node(net, ready, needs)
    config["net"] = node or _record(type(net).__name__, ready)
    return {"net": lambda: ready}


def _ready(net: nn.Module, needs: Needs) -> nn.Module:
    """A network that can be trained: adapted, if it is none of ours."""
    if isinstance(net, SpikingNet):
        return net
    taps = listed(needs.taps)
    names = {name for name, _ in net.named_modules()}
    if taps is not None and any(f"{t}" not in names for t in taps if not isinstance(t, str)):
        raise UsageError(
            f"taps: got {taps!r}, but {type(net).__name__} is a plain module: name modules, "
            "as print(net) shows them"
        )
    return self_adapted(
        net,
        example=_example(needs.data),
        taps=cast("Sequence[str] | None", taps),
        needs_taps=needs.needs_taps,
        timesteps=needs.timesteps,
    )


def _example(data: DataModule) -> Tensor:
    """A few training samples [N, C, H, W] or [T, N, C, H, W]."""
    if isinstance(data, GivenData) and isinstance(loader := data.sets["train"], GivenLoader):
        x = loader.first[0]
        return x[:SAMPLES] if x.dim() == 4 else x[:, :SAMPLES]
    samples = data.dataset("train")
    return samples.batch(range(min(SAMPLES, len(samples))))[0]


def _check_classes(name: str, net: nn.Module, data: DataModule) -> None:
    """Let the network say how many classes there are, if the data does not."""
    classes = cast(SpikingNet, net).num_classes
    if isinstance(data, GivenData):
        data.know_classes(classes)
    elif classes != data.num_classes:
        raise UsageError(
            f"net: {name} returns {classes} logits, but the data has {data.num_classes} classes; "
            f"end it with {data.num_classes} outputs"
        )


def _knows_classes(data: DataModule) -> bool:
    return not isinstance(data, GivenData) or data.names_classes


def _know_classes(data: DataModule) -> None:
    """Let the labels say how many classes there are, where nothing else does."""
    if isinstance(data, GivenData) and not data.names_classes and data.classes_seen is not None:
        data.know_classes(max(2, data.classes_seen))


def _is_checked(path: str) -> bool:
    """Whether a configuration may name this maker: it says that it makes a network."""
    try:
        check_class(nn.Module, path)
    except UsageError:
        return False
    return True


def _shapes(maker: Callable[..., Any], data: DataModule) -> dict[str, Any]:
    """The arguments of a maker that the data knows.

    Raises: UsageError: it needs others.
    """
    channels, height, width = data.sample_shape
    known: dict[str, Any] = {"in_channels": channels, "image_size": as_option(height, width)}
    wanted = inspect.signature(maker).parameters
    if "num_classes" in wanted:
        _know_classes(data)
        known["num_classes"] = data.num_classes
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in wanted.values() if p.default is p.empty and p.kind not in optional]
    if missing := [name for name in needed if name not in known]:
        raise UsageError(
            f"net: {named(maker)} needs {', '.join(missing)}, expected what builds a network from "
            "in_channels, num_classes and image_size at most; give a function without the others, "
            f"such as functools.partial({named(maker)}, {missing[0]}=...)"
        )
    return {name: value for name, value in known.items() if name in wanted}


def _record(name: str, ready: nn.Module) -> Config:
    layout = ready.layout if isinstance(ready, AdaptedNet) else None
    return given("GivenNet", name=name, layout=layout, printed=printed(ready))


def _rebuilding_node(net: nn.Module, ready: nn.Module, needs: Needs) -> Config | None:
    """What builds a network like this one, where its class does so without arguments.

    That it does is tried: with the same weights, both give the same logits.
    """
    path, shape = import_path(type(net)), needs.data.sample_shape
    if path is None or isinstance(net, SpikingNet) or shape[1] != shape[2]:
        return None
    if not isinstance(ready, AdaptedNet):
        return None
    try:
        with torch.random.fork_rng(devices=[]):
            twin = type(net)()
        twin.load_state_dict(net.state_dict())
        other = AdaptedNet(
            twin,
            ready.num_classes,
            places=ready.places,
            call=ready.call,
            sample_dims=ready.sample_dims,
            states=ready.states,
        )
        x = _example(needs.data).float()
        x = x if x.dim() == 5 else x.expand(COMPARED, *x.shape)
        with torch.no_grad(), eval_mode(ready, other):
            same = repr(twin) == repr(net) and all(
                torch.equal(ready(gain * x).logits, other(gain * x).logits) for gain in GAINS
            )
    except Exception:  # whatever another's constructor raises without its arguments
        return None
    options = {
        "module": {"class_path": path},
        "in_channels": shape[0],
        "image_size": shape[1],
        "taps": list(ready.places),
        "layout": ready.layout,
        "timesteps": max(needs.timesteps, 2),
    }
    return {"class_path": ADAPTED, "init_args": options} if same else None
