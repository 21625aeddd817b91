"""The engine's own files: the graph, and what its weights become when it is loaded."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tssd.engine import FILE, Network, changed_spikes, load
from tssd.exporting.request import Ran, Request, Values
from tssd.graph import Graph, write_graph


def write(folder: Path, graph: Graph, facts: Mapping[str, Any], request: Request) -> None:
    """Write the graph as it is; whole numbers are made of its weights when it is loaded.

    The facts say, as `engine`, which share of each layer's spikes they change; nothing of it where
    the request has no samples to see it by.
    """
    engine: dict[str, Any] = {"weights": request.weights}
    if request.weights != "float32" and request.samples.shape[1]:
        x = request.samples[: request.timesteps]
        engine["changed_spikes"] = dict(changed_spikes(graph, request.weights, x))
    write_graph(folder / FILE, graph, {**facts, "engine": engine})


def run(folder: Path, x: Values, request: Request) -> Ran:
    """Run the file on x [T, N, C, H, W]."""
    net = _loaded(folder / FILE, (folder / FILE).stat().st_mtime_ns)
    if not request.spikes:
        return Ran(net.run(x))
    trace = net.trace(x)
    spikes = {name: s.astype(np.float32) for name, s in trace.spikes.items()}
    return Ran(trace.logits, spikes, trace.exits)


@functools.lru_cache(maxsize=1)
def _loaded(path: Path, written: int) -> Network:
    """The network of a file as it was written at a time."""
    return load(path, dense_above=np.inf)
