"""Weights of SpikingJelly's networks for the built-in ones of the same kind, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tssd.errors import DataError, UsageError
from tssd.interop.pairing import paired
from tssd.interop.restated import restated, stated_back
from tssd.reading import one_line
from tssd.unwrapped import unwrapped

Net = TypeVar("Net", bound=nn.Module)
# A network of SpikingJelly, its state_dict, or a file that holds one.
Weights = nn.Module | Mapping[str, Tensor] | str | Path


def from_spikingjelly(net: Net, weights: Weights) -> Net:
    """Put weights of a network of SpikingJelly into the built-in network of the same kind.

    Weights say nothing about neurons that have none of their own, nor about pools and how branches
    join: that these are the same is up to whoever builds the network.

    Args:
        net: a network of `tssd.models`, which is changed in place.
        weights: the other network, its state_dict, or a file with one: .safetensors, or what
            torch.save writes; DataParallel and torch.compile may be round it. Of `spiking_vgg`,
            `spiking_resnet`, `sew_resnet`, `ms_resnet`, `parametric_lif_net`, `spikformer` or
            `spike_driven_transformer`.
    Returns: net.
    Raises: UsageError: the networks differ; names the first two layers that do, and nothing is
        changed. DataError: no file, a damaged one, one that holds more than tensors, or a number
        that is not finite.
    """
    found = _tensors(weights)
    tensors = restated([found, *unwrapped(found)][-1])
    names = paired(net, tensors)
    for theirs in names.values():
        if not tensors[theirs].is_meta and not bool(tensors[theirs].isfinite().all()):
            raise DataError(f"weights: {theirs} holds NaN or infinity, expected finite numbers")
    taken = {ours: tensors[theirs] for ours, theirs in names.items()}
    net.load_state_dict(net.state_dict() | taken)
    return net


def to_spikingjelly(net: nn.Module, model: Weights) -> dict[str, Tensor]:
    """The weights of a built-in network under the names of SpikingJelly's network of the same kind.

        model.load_state_dict(to_spikingjelly(net, model))

    Args:
        net: a network of `tssd.models`.
        model: SpikingJelly's network, or its state_dict, which gives the names.
    Returns: copies, in the order of the model's.
    Raises: UsageError, DataError: as `from_spikingjelly`.
    """
    tensors, own = _tensors(model), net.state_dict()
    names = paired(net, restated(tensors)).items()
    return stated_back({theirs: own[ours].clone() for ours, theirs in names}, tensors)


def _tensors(weights: Weights) -> dict[str, Tensor]:
    if isinstance(weights, nn.Module):
        return weights.state_dict()
    where, found = "weights", weights
    if isinstance(weights, str | Path):
        where, found = str(weights), _read(Path(weights))
    if not isinstance(found, Mapping):
        raise DataError(f"{where}: got a {type(found).__name__}, expected a state_dict")
    named = {name: value for name, value in found.items() if isinstance(name, str)}
    tensors = {name: value for name, value in named.items() if isinstance(value, Tensor)}
    if not tensors or len(tensors) < len(found):
        inside = ", ".join(str(name) for name in found if name not in tensors)
        raise UsageError(
            f"{where}: holds {inside or 'nothing'}, expected tensors by name; pass the entry that "
            "is the model's state_dict, e.g. torch.load(path, weights_only=True)['model']"
        )
    return tensors


def _read(path: Path) -> object:
    if not path.is_file():
        raise DataError(
            f"{path}: no such file; expected a state_dict, as .safetensors or as torch.save writes "
            "it"
        )
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files
        detail = one_line(error)[:120]
        raise DataError(
            f"{path}: damaged, or it holds more than tensors ({detail}); save the state_dict alone "
            "where it was trained: torch.save(model.state_dict(), path)"
        ) from error
