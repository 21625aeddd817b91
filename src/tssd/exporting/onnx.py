"""ONNX: files for onnxruntime and whatever else reads them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from tssd.exporting.onnx_graphs import membrane, step_model, unrolled_model
from tssd.exporting.onnx_nodes import FLOAT
from tssd.exporting.request import Ran, Request, Values
from tssd.exporting.state import described, initial_membranes
from tssd.graph import INPUT, Graph

STEP = "step.onnx"
UNROLLED = "unrolled.onnx"


def write(folder: Path, graph: Graph, facts: Mapping[str, Any], request: Request) -> None:
    """Write step.onnx and unrolled.onnx, the facts in the metadata of each."""
    facts = {**facts, "state": described(graph)}
    onnx.save(step_model(graph, facts), folder / STEP)
    repeats = facts["input"] == "image"
    onnx.save(unrolled_model(graph, request.timesteps, facts, repeats=repeats), folder / UNROLLED)


def run(folder: Path, x: Values, request: Request) -> Ran:
    """Logits by the unrolled graph, spikes by the step graph, in onnxruntime.

    Where x is no sequence for the unrolled graph, of another T, all is by the step graph.
    """
    path = folder / UNROLLED
    unrolled = _opened(path, path.stat().st_mtime_ns)
    (expected,), outputs = unrolled.get_inputs(), unrolled.get_outputs()
    repeats = len(expected.shape) < x.ndim
    fits = outputs[0].shape[0] == len(x) and (not repeats or _is_repeated(x))
    stepped = None
    if request.spikes or not fits:
        stepped = _watched(folder / STEP, (folder / STEP).stat().st_mtime_ns).run(x)
        if not fits:
            return stepped
    given = np.ascontiguousarray(x[0] if repeats else x)
    logits, *exits = cast(list[Values], unrolled.run(None, {INPUT: given}))
    names = (output.name.removeprefix("exits/") for output in outputs[1:])
    spikes = {} if stepped is None else stepped.spikes
    return Ran(logits, spikes, dict(zip(names, exits, strict=True)))


class _Watched(NamedTuple):
    """A step graph that shows its spikes as well, and how its state begins."""

    session: onnxruntime.InferenceSession
    state: list[dict[str, Any]]

    def run(self, x: Values) -> Ran:
        """All timesteps of x [T, N, C, H, W], one after the other."""
        names = [output.name for output in self.session.get_outputs()]
        membranes = initial_membranes(self.state, x.shape[1])
        given = {membrane(name): v for name, v in membranes.items()}
        steps: list[dict[str, Values]] = []
        for x_t in x:
            inputs = given | {INPUT: np.ascontiguousarray(x_t)}
            made = cast(list[Values], self.session.run(None, inputs))
            steps.append(dict(zip(names, made, strict=True)))
            given = {name: steps[-1][f"{name}/next"] for name in given}
        spikes = {name: np.stack([s[_spikes(name)] for s in steps]) for name in membranes}
        exits = {
            name.removeprefix("exits/"): np.stack([s[name] for s in steps])
            for name in names
            if name.startswith("exits/")
        }
        return Ran(np.stack([s["logits"] for s in steps]), spikes, exits)


def _is_repeated(x: Values) -> bool:
    return x.strides[0] == 0 or bool((x == x[:1]).all())


def _spikes(name: str) -> str:
    return f"{name}/spikes"


@lru_cache(maxsize=2)
def _watched(path: Path, changed: int) -> _Watched:
    model = onnx.load(path)
    facts = json.loads(next(p.value for p in model.metadata_props if p.key == "tssd"))
    for each in facts["state"]:
        shape = ["samples", *each["shape"]]
        value = helper.make_tensor_value_info(_spikes(each["name"]), FLOAT, shape)
        model.graph.output.append(value)
    return _Watched(session(model.SerializeToString()), facts["state"])


@lru_cache(maxsize=2)
def _opened(path: Path, changed: int) -> onnxruntime.InferenceSession:
    """A model as it was written at a time, for one batch after the other."""
    return session(str(path))


def session(model: str | bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    """What runs a model.

    Args:
        model: a path, or what a file holds.
        threads: that it may use; 0 = as many as it likes.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # Threads that wait by spinning take the processor from whatever else runs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
