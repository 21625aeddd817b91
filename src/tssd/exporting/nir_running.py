"""Files of NIR run by nirtorch, with neurons that are NIR's equations and what is recorded."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.exporting.nir_reading import constants, damaged, load, pair, recorded
from tssd.exporting.nir_writing import DT, library
from tssd.graph.file import OF_OTHERS
from tssd.reading import one_line


@dataclass(frozen=True)
class NirRun:
    """What a file of NIR does.

    Args:
        logits: the output at each timestep, [T, N, K]; not averaged.
        spikes: of each neuron node, [T, N, ...]; none where they are not kept.
    """

    logits: Tensor
    spikes: dict[str, Tensor]


def run_nir(path: Path, x: Tensor, *, spikes: bool = True) -> NirRun:
    """Run a file of NIR: the reference that exports are held against.

    nirtorch reads the edges and calls one node after the other; layers are torch's; a neuron is
    forward Euler on NIR's equation with what our metadata records, and without ours with NIR's
    reset, dt = 0.1 ms and membranes that begin at 0.

    Args:
        path: of the file.
        x: the input at each timestep.
        spikes: whether they are kept.
    Shapes: x [T, N, C, H, W].
    Raises: DataError: see `read_nir`. UsageError: a node that is neither of NIR's layers nor LIF or
        IF, or nirtorch is not installed.
    """
    path = Path(path)
    opened = _opened(path, path.stat().st_mtime_ns if path.is_file() else 0)
    seen: dict[str, list[Tensor]] = {}
    with torch.no_grad(), ExitStack() as watching:
        for name in opened.neurons if spikes else ():
            # nirtorch's own names have no dots.
            part = opened.net.get_submodule(name.replace(".", "_"))
            hook = _keeping(seen.setdefault(name, []))
            watching.enter_context(part.register_forward_hook(hook))
        state, logits = None, []
        for x_t in x:
            out, state = opened.net(x_t, state)
            logits.append(out)
    return NirRun(torch.stack(logits), {name: torch.stack(steps) for name, steps in seen.items()})


class _Opened(NamedTuple):
    """What nirtorch makes of a file, and the names of its neurons."""

    net: nn.Module
    neurons: tuple[str, ...]


@lru_cache(maxsize=1)
def _opened(path: Path, written: int) -> _Opened:
    """A file as it was written at a time, for one batch after the other."""
    nir = library()
    try:
        from nirtorch import nir_to_torch
    except ModuleNotFoundError as error:
        if error.name != "nirtorch":
            raise
        raise UsageError(
            "nir: nirtorch, which runs files of NIR, is not installed: pip install 'tssd[nir]'"
        ) from None
    content = load(path)
    told = recorded(content)
    by_name: dict[str, Any] = {}
    dt = told.get("dt", DT)
    names = {id(node): name for name, node in content.nodes.items()}

    def neuron(node: Any) -> _Neuron:
        told = by_name.get(names[id(node)], {})
        return _Neuron(constants(node, told, dt), told)

    layers = {nir.LIF: neuron, nir.IF: neuron, nir.Affine: _linear, nir.Conv2d: _conv}
    try:
        by_name |= {e["name"]: e["neuron"] for e in told.get("nodes", ()) if e["op"] == "lif"}
        net = nir_to_torch(content, layers)
    except ValueError as error:
        raise UsageError(f"{path}: can't be run here ({error})") from error
    except OF_OTHERS as error:  # what a stranger's JSON may hold is of any shape
        raise damaged(path, one_line(error)) from error
    neurons = (n for n, node in content.nodes.items() if isinstance(node, nir.LIF | nir.IF))
    return _Opened(net, tuple(neurons))


def _keeping(seen: list[Tensor]) -> Callable[[nn.Module, Any, Any], None]:
    """A hook that keeps the spikes of a neuron."""

    def keep(_: nn.Module, __: Any, made: Any) -> None:
        seen.append(made[0])

    return keep


class _Neuron(nn.Module):
    """One step of `lif`; nirtorch carries its state because forward has a `state`."""

    def __init__(self, numbers: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        super().__init__()
        self.at, self.soft = told.get("fires") == "at", told.get("reset") == "soft"
        for name, values in numbers.items():
            self.register_buffer(name, torch.from_numpy(values))

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        c: dict[str, Tensor] = dict(self.named_buffers())
        v = c["initial"] if state is None else state
        v = c["decay"] * v + c["input_scale"] * x + c["offset"]
        fires = v >= c["threshold"] if self.at else v > c["threshold"]
        spikes = fires.to(x.dtype)
        v = v - c["subtract"] * spikes if self.soft else torch.where(fires, c["reset_value"], v)
        return spikes, v


def _linear(node: Any) -> nn.Module:
    # nirtorch's own leaves the bias at random.
    weight, bias = torch.from_numpy(node.weight), torch.from_numpy(node.bias)
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer


def _conv(node: Any) -> nn.Module:
    # nirtorch's own has its channels the wrong way round.
    weight, bias = torch.from_numpy(node.weight), torch.from_numpy(node.bias)
    layer = nn.Conv2d(
        weight.shape[1],
        weight.shape[0],
        (weight.shape[2], weight.shape[3]),
        stride=pair(node.stride),
        padding=pair(node.padding),
        dilation=pair(node.dilation),
    )
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer
