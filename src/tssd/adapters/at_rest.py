"""Buffers in which a network keeps its state: as they are between calls, they are saved."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tssd.adapters.trial import Trial
from tssd.adapters.untouched import Buffers
from tssd.errors import UsageError

Shapes = dict[str, torch.Size | None]


def shapes(module: nn.Module) -> Shapes:
    """Of all buffers, by name; None = it is none yet."""
    return {
        f"{name}.{key}".lstrip("."): None if buffer is None else buffer.shape
        for name, part in module.named_modules()
        for key, buffer in part._buffers.items()
        if buffer is None or not is_lazy(buffer)
    }


def states_at_rest(trial: Trial, before: Shapes, saved: Buffers) -> dict[str, Tensor | None]:
    """Buffers whose shape is that of the last batch, such as membranes, as they were at rest.

    Args:
        trial: of the network, after some runs.
        before: the shapes at rest.
        saved: the buffers at rest.
    """
    now = shapes(trial.module)
    changed = [name for name, shape in before.items() if now.get(name) != shape]
    if not changed:
        return {}
    try:  # a batch of another size tells states from what is built once, such as a mask
        trial.logits(torch.cat([trial.x, trial.x[:, :1]], 1))
    except UsageError:
        return {}
    other = shapes(trial.module)
    values = {(part, key): value for part, key, _, value in saved.saved}
    found = [name for name in changed if other.get(name) != now.get(name)]
    return {name: values.get(_place(trial.module, name)) for name in found}


def put_back(module: nn.Module, states: Mapping[str, Tensor | None]) -> None:
    """Make buffers again what they were at rest."""
    for name, value in states.items():
        part, key = _place(module, name)
        now = part._buffers.get(key)
        # A copy, which the network may change in place.
        like = value if now is None else now
        setattr(part, key, None if value is None else value.to(like, copy=True))


def _place(module: nn.Module, name: str) -> tuple[nn.Module, str]:
    owner, _, key = name.rpartition(".")
    return module.get_submodule(owner), key
