"""A network as graphs of ONNX: one timestep with its state, and all timesteps at once."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper

from tssd.exporting.onnx_nodes import FLOAT, IR, OPSET, OnnxNodes
from tssd.graph import INPUT, Graph

SAMPLES = "samples"


def membrane(name: str) -> str:
    """The name of a neuron's state in a step graph; behind it, "/next" is added."""
    return f"membrane/{name}"


def step_model(graph: Graph, facts: Mapping[str, Any]) -> onnx.ModelProto:
    """One timestep: "input" [N, C, H, W] and membranes to "logits" [N, K] and membranes."""
    made = OnnxNodes(graph)
    values, state, following = {INPUT: INPUT}, [], []
    for node in graph.nodes:
        inputs = [values[name] for name in node.inputs]
        if node.op != "lif":
            values[node.name] = made.stateless(node, inputs)
            continue
        given = membrane(node.name)
        values[node.name], last = made.fire(node, inputs[0], given)
        made.add("Identity", [last], f"{given}/next")
        state.append(_value(given, SAMPLES, *node.shape))
        following.append(_value(f"{given}/next", SAMPLES, *node.shape))
    given = _value(INPUT, SAMPLES, *graph.sample_shape)
    outputs = [_value(name, SAMPLES, graph.num_classes) for name in _logits(made, graph, values)]
    return _model(made, "step", [given, *state], [*outputs, *following], facts)


def unrolled_model(
    graph: Graph, timesteps: int, facts: Mapping[str, Any], *, repeats: bool
) -> onnx.ModelProto:
    """T timesteps from the initial state: "input" to "logits" of each timestep [T, N, K].

    Args:
        graph: the network.
        timesteps: T.
        facts: for the metadata.
        repeats: whether the input is one image [N, C, H, W] for all timesteps, so that what stands
            in front of the first neurons is computed once; otherwise it is [T, N, C, H, W].
    """
    made, steps = OnnxNodes(graph), range(timesteps)
    # What is the same at every timestep has N samples, all else T N.
    once = {INPUT} if repeats else set()
    values = {INPUT: INPUT}
    if not repeats:
        folded = made.weight("folded", [-1, *graph.sample_shape], np.int64)
        values[INPUT] = made.add("Reshape", [INPUT, folded], "input/folded")
    for node in graph.nodes:
        if node.op == "lif":
            values[node.name] = _all_steps(made, node, values[node.inputs[0]], once, timesteps)
            continue
        alike = once.issuperset(node.inputs)
        inputs = [
            values[name]
            if alike or name not in once
            else made.add("Concat", [values[name] for _ in steps], f"{node.name}/{i}/all", axis=0)
            for i, name in enumerate(node.inputs)
        ]
        values[node.name] = made.stateless(node, inputs)
        if alike:
            once.add(node.name)
    outputs, by_step = [], made.weight("by_step", [timesteps, -1, graph.num_classes], np.int64)
    for name, source in _sources(graph).items():
        value = values[source]
        if source in once:
            value = made.add("Concat", [value for _ in steps], f"{name}/all", axis=0)
        made.add("Reshape", [value, by_step], name)
        outputs.append(_value(name, timesteps, SAMPLES, graph.num_classes))
    axes = (SAMPLES,) if repeats else (timesteps, SAMPLES)
    given = _value(INPUT, *axes, *graph.sample_shape)
    return _model(made, f"unrolled_{timesteps}", [given], outputs, facts)


def _all_steps(made: OnnxNodes, node: Any, x: str, once: set[str], timesteps: int) -> str:
    """Spikes of all timesteps, [T N, ...]."""
    parts = [x] * timesteps
    if node.inputs[0] not in once and timesteps > 1:
        parts = [f"{node.name}/x@{t}" for t in range(timesteps)]
        made.nodes.append(helper.make_node("Split", [x], parts, name=f"{node.name}/x", axis=0))
    spikes, v = [], None
    for t, part in enumerate(parts):
        fired, v = made.fire(node, part, v, f"@{t}")
        spikes.append(fired)
    return made.add("Concat", spikes, f"{node.name}/out", axis=0)


def _sources(graph: Graph) -> dict[str, str]:
    """The nodes whose outputs are logits, by the name of each output."""
    return {"logits": graph.output} | {f"exits/{k}": name for k, name in graph.exits.items()}


def _logits(made: OnnxNodes, graph: Graph, values: Mapping[str, str]) -> list[str]:
    return [made.add("Identity", [values[s]], name) for name, s in _sources(graph).items()]


def _value(name: str, *shape: int | str) -> Any:
    return helper.make_tensor_value_info(name, FLOAT, list(shape))


def _model(
    made: OnnxNodes, name: str, inputs: list[Any], outputs: list[Any], facts: Mapping[str, Any]
) -> onnx.ModelProto:
    graph = helper.make_graph(made.nodes, name, inputs, outputs, [*made.weights.values()])
    model = helper.make_model(
        graph,
        producer_name="tssd",
        ir_version=IR,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(model, {"tssd": json.dumps(dict(facts))})
    onnx.checker.check_model(model, full_check=True)
    return model
