"""What runs a trained network: PyTorch, ONNX Runtime, our engine; each behind one function."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tssd.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tssd.exporting.request import Request, Weights
    from tssd.graph import Graph
    from tssd.runs.results import Epoch

    # Images [N, C, H, W] or frames [T or more, N, C, H, W], and T -> logits [T, N, K].
    Call = Callable[[NDArray[np.float32], int], NDArray[np.float32]]

# What speed is told against.
BASELINE = "pytorch"


@dataclass(frozen=True)
class Opening:
    """Where a runtime finds the network.

    Args:
        run: the run folder, or hub:NAME.
        epoch: whose weights; None = those that count.
        trust: modules that the run may import.
        folder: where `write` has written, each runtime in a folder of its name.
        threads: that it may use.
    """

    run: str
    epoch: "Epoch | None"
    trust: tuple[str, ...]
    folder: Path
    threads: int


@dataclass(frozen=True)
class Runtime:
    """A runtime with one kind of weights.

    Args:
        name: for people, and for --runtimes.
        weights: what they are there.
        events: whether its work follows the spikes.
        needs: packages that may be missing; none = it comes with tssd.
        extra: of tssd, that brings it.
        write: writes what it opens into a new folder, given a request for each T and whether inputs
            are images; None = it opens the run itself.
        open: the function that runs the network.
        apart: whether each T has a model of its own, that answers otherwise than those of others.
    """

    name: str
    weights: "Weights"
    events: bool
    needs: tuple[str, ...]
    extra: str | None
    write: "Callable[[Path, Graph, Mapping[int, Request], bool], None] | None"
    open: "Callable[[Opening], Call]"
    apart: bool = False

    def missing(self) -> str | None:
        """Why it can't run here; None = it can."""
        for name in self.needs:
            if find_spec(name) is None:
                return f"{name} is not installed: pip install 'tssd[{self.extra}]'"
        return None


def runtime(name: str) -> Runtime:
    """The runtime of a name. Raises: UsageError: there is none; lists all."""
    for found in RUNTIMES:
        if found.name == name:
            return found
    known = ", ".join(each.name for each in RUNTIMES)
    raise UsageError(f"runtimes: got {name!r}, expected some of {known}")


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Inside, torch computes in so many threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _open_torch(opening: Opening) -> "Call":
    """The network as tssd runs it."""
    import torch

    from tssd.reopened.load import load
    from tssd.time import repeat_in_time

    torch.set_num_threads(opening.threads)
    net = load(opening.run, epoch=opening.epoch, trust=opening.trust)

    def call(x: "NDArray[np.float32]", timesteps: int) -> "NDArray[np.float32]":
        given = torch.from_numpy(x)
        sequence = given[:timesteps] if x.ndim == 5 else repeat_in_time(given, timesteps)
        with torch.inference_mode():
            return net(sequence).logits.numpy()

    return call


def _write_engine(folder: Path, graph: "Graph", *_: object) -> None:
    from tssd.engine import FILE
    from tssd.graph import write_graph

    # One file serves every T; whole numbers are made of its weights when it is loaded.
    write_graph(folder / FILE, graph, {})


def _open_engine(opening: Opening, name: str, weights: "Weights") -> "Call":
    from tssd.engine import load

    return load(opening.folder / name, weights, opening.threads).run


def _write_onnx(
    folder: Path, graph: "Graph", requests: "Mapping[int, Request]", images: bool
) -> None:
    from tssd.bench import onnx_models

    onnx_models.write(folder, graph, requests, images=images)


def _open_onnx(opening: Opening, name: str) -> "Call":
    from tssd.bench import onnx_models

    return onnx_models.opened(opening.folder / name, opening.threads)


def _engine(weights: "Weights") -> Runtime:
    name = "engine" if weights == "float32" else f"engine-{weights}"
    opened = partial(_open_engine, name=name, weights=weights)
    return Runtime(name, weights, True, ("numba",), "engine", _write_engine, opened)


def _onnx(weights: "Weights") -> Runtime:
    name = "onnxruntime" if weights == "float32" else f"onnxruntime-{weights}"
    opened = partial(_open_onnx, name=name)
    # Scales are chosen for each T.
    apart = weights != "float32"
    # Whoever installs the runtime alone has nothing that writes its models.
    needs = ("onnxruntime", "onnx")
    return Runtime(name, weights, False, needs, "onnx", _write_onnx, opened, apart)


RUNTIMES = (
    Runtime(BASELINE, "float32", False, (), None, None, _open_torch),
    _onnx("float32"),
    _onnx("int8"),
    _engine("float32"),
    _engine("int8"),
    _engine("int7"),
)
