"""Membrane potentials, shown to whoever records a network and kept by nobody else.

    with recording(net) as membranes:
        out = net(x)
    membranes["stages.0.0.2"]  # [T, N, C, H, W], before the reset, with its gradient

A recording is seen by the thread that opened it alone, so that networks that run beside it, and
copies that run in other threads, leave nothing in it. Why so: docs/adr/0013.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import UsageError


class _Recording(NamedTuple):
    names: Mapping[nn.Module, str]
    pieces: dict[str, list[Tensor]]


_open: ContextVar[tuple[_Recording, ...]] = ContextVar("open", default=())


@contextmanager
def recording(net: nn.Module) -> Iterator[dict[str, Tensor]]:
    """A mapping that holds {module's name: [T, N, ...]} once the block has ended without an error.

    A neuron that is called several times inside, as in streaming, shows all its timesteps one after
    the other. Neurons that show none, as those of other libraries and compiled ones, are left out.

    Raises: UsageError: a neuron was called on samples of different shapes.
    """
    names = {module: name for name, module in net.named_modules()}
    mine, membranes = _Recording(names, {}), dict[str, Tensor]()
    token = _open.set((*_open.get(), mine))
    try:
        yield membranes
    finally:
        _open.reset(token)
    for name, pieces in mine.pieces.items():
        membranes[name] = _joined(name, pieces)


def is_recorded(module: nn.Module) -> bool:
    """Whether somebody wants a module's membranes now."""
    # A compiled graph has no side effects to offer.
    return not torch.compiler.is_compiling() and any(module in r.names for r in _open.get())


def show(module: nn.Module, h: Tensor) -> None:
    """Hand membranes h [T, N, ...] to whoever records the module; else do nothing."""
    if is_recorded(module):
        for names, pieces in _open.get():
            if module in names:
                pieces.setdefault(names[module], []).append(h)


def _joined(name: str, pieces: list[Tensor]) -> Tensor:
    if len(pieces) == 1:
        return pieces[0]
    shapes = list(dict.fromkeys(tuple(piece.shape[1:]) for piece in pieces))
    if len(shapes) > 1:
        raise UsageError(
            f"membranes: {name} was called on samples of shape {list(shapes[0])} and of "
            f"{list(shapes[1])} in one recording; record one call at a time, and give every layer "
            "a neuron of its own"
        )
    return torch.cat(pieces)
