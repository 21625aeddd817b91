"""NIR, the Neuromorphic Intermediate Representation: a graph as a graph of it.

NIR describes neurons as differential equations. One step of dt makes our recurrence of them:

    tau dv/dt = v_leak - v + r x    ->    v = (1 - dt/tau) v + (dt/tau) (v_leak + r x)

and a spike is v > v_threshold, after which v is v_reset. What that does not say (dt, reset by
subtraction, where v begins, how many timesteps, that logits are means) stands in the metadata.

Source: Pedersen et al. 2024, Nature Communications 15, 8122, https://neuroir.org.
"""

import json
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError
from tssd.exporting.request import SoftReset, UnsupportedError
from tssd.graph import INPUT, Graph, Node

# Seconds of a timestep: a file of NIR does not say it, and those who read one take this.
DT = 1e-4
# Of what is in the metadata, under this name.
VERSION, METADATA = 1, "tssd"


def library() -> ModuleType:
    """The package nir. Raises: UsageError: it is not installed; names the extra."""
    try:
        import nir
    except ModuleNotFoundError as error:
        if error.name not in ("nir", "h5py"):
            raise
        raise UsageError(
            f"nir: {error.name}, which files of NIR need, is not installed: pip install 'tssd[nir]'"
        ) from None
    return nir


def to_nir(graph: Graph, facts: Mapping[str, Any], *, soft_reset: SoftReset = "refused") -> Any:
    """The `nir.NIRGraph` of a graph.

    Args:
        graph: the network.
        facts: plain values of JSON about it, for the metadata.
        soft_reset: of neurons that subtract their threshold, which NIR can't say: "refused", or
            "recorded" in the metadata, so that a reader who does not look there resets to 0.
    Raises: UnsupportedError: what NIR can't say, with the layer. UsageError: the package nir is not
        installed.
    """
    nir = library()
    if graph.exits:
        raise UnsupportedError(
            f"the network has exits ({', '.join(graph.exits)}), and those who read NIR take "
            "one output; export it without them"
        )
    if soft_reset not in ("refused", "recorded"):
        raise UsageError(f"soft_reset: got {soft_reset!r}, expected refused or recorded")
    # Names of our nodes are those of modules, but who knows.
    first, last = (_free(graph, name) for name in ("input", "output"))
    nodes = {first: nir.Input(np.array(graph.sample_shape))}
    if graph.node(graph.output).op == "add":
        _refuse(graph.node(graph.output), "is the output, and NIR adds up in front of nodes only")
    edges = [(graph.output, last)]
    for node in graph.nodes:
        if node.op == "add" and not _is_node(graph, node):
            continue  # NIR adds up whatever edges lead to a node
        made = _made(nir, graph, node, soft_reset)
        names = list(made)
        _check_names(node, names, nodes)
        nodes |= made
        edges += [(source, names[0]) for source in _sources(graph, node.inputs, first)]
        edges += zip(names, names[1:], strict=False)
    nodes[last] = nir.Output(np.array(graph.node(graph.output).shape))
    metadata = {METADATA: json.dumps(_metadata(graph, facts), allow_nan=False)}
    try:
        found = nir.NIRGraph(nodes, edges, metadata)
    except ValueError as error:  # it works out shapes for itself
        raise UnsupportedError(f"NIR does not take this network ({error})") from error
    for node in graph.nodes:
        if node.name in nodes and tuple(found.nodes[node.name].output_type["output"]) != node.shape:
            _refuse(node, "makes a map of another size of it: NIR's kernels are squares")
    return found


def _check_names(node: Node, names: Iterable[str], taken: Iterable[str]) -> None:
    """Refuse names that the file, or those who read it, can't tell apart or take for paths."""
    others = {name.replace(".", "_"): name for name in taken}
    for name in names:
        if "/" in name:
            _refuse(node, "has a / in its name, which HDF5 takes for a folder; rename the module")
        if (other := others.get(name.replace(".", "_"))) is not None:
            _refuse(
                node,
                f"has the name of {other!r} for those who read NIR, to whom dots are underscores; "
                "rename one of the two modules",
            )


def _made(nir: ModuleType, graph: Graph, node: Node, soft_reset: SoftReset) -> dict[str, Any]:
    """The nodes of NIR, in a row, that are one of ours; the last has its name."""
    arrays, options, name = node.arrays, node.options, node.name
    size = graph.shape(node.inputs[0])
    if node.op == "conv":
        if options["groups"] != 1:
            _refuse(node, f"has {options['groups']} groups, and NIR's Conv2d reckons with one")
        pairs = {each: tuple(options[each]) for each in ("stride", "padding", "dilation")}
        weights = {"weight": np.array(arrays["weight"]), "bias": np.array(arrays["bias"])}
        return {name: nir.Conv2d(input_shape=size[1:], groups=1, **weights, **pairs)}
    if node.op == "linear":
        return {name: nir.Affine(np.array(arrays["weight"]), np.array(arrays["bias"]))}
    if node.op == "affine":
        # NIR has no shift of channels; a diagonal of weights is the same to the last bit.
        weight, bias = np.diag(arrays["scale"]), np.array(arrays["shift"])
        if len(size) == 1:
            return {name: nir.Affine(weight, bias)}
        one, none = (1, 1), (0, 0)
        return {name: nir.Conv2d(size[1:], weight[:, :, None, None], one, none, one, 1, bias)}
    if node.op == "avg_pool":
        if options["ceil"]:
            _refuse(node, "has windows over the edge of the map, which NIR's pools leave out")
        return {name: _pool(nir, options["kernel"], options["stride"])}
    if node.op == "mean":
        return {f"{name}.pool": _pool(nir, size[1:], size[1:]), name: _flat(nir, (size[0], 1, 1))}
    if node.op == "flatten":
        return {name: _flat(nir, size)}
    if node.op == "lif":
        return {name: _neuron(nir, node, soft_reset)}
    if node.op == "add":
        return {name: _pool(nir, (1, 1), (1, 1))}  # passes on what its edges add up to
    _refuse(node, "is no operation of NIR; average pools and strides are")


def _pool(nir: ModuleType, kernel: Any, stride: Any) -> Any:
    return nir.AvgPool2d(np.array(kernel), np.array(stride), np.array([0, 0]))


def _flat(nir: ModuleType, shape: tuple[int, ...]) -> Any:
    # Counted from the end: from the front some who read NIR count the batch and some do not.
    return nir.Flatten(np.array(shape), -len(shape), -1)


def _neuron(nir: ModuleType, node: Node, soft_reset: SoftReset) -> Any:
    """In double precision, so that what is computed of it is our constants again."""
    if node.options["reset"] == "soft" and soft_reset == "refused":
        _refuse(
            node,
            "subtracts its threshold after a spike, and NIR's neurons are set to v_reset; "
            "--soft-reset recorded writes it into the metadata, where a reader has to look, or "
            "train with --net.neuron.v_reset 0",
        )

    def constant(name: str) -> NDArray[np.float64]:
        return np.broadcast_to(np.asarray(node.number(name), np.float64), node.shape).copy()

    decay, gain, offset = (constant(name) for name in ("decay", "input_scale", "offset"))
    hard = node.options["reset"] == "hard"
    reset = constant("reset_value") if hard else np.zeros(node.shape)
    threshold = np.float32(constant("threshold"))
    if node.options["fires"] == "at":
        # NIR fires above the threshold. Above the number before ours is at ours.
        threshold = np.nextafter(threshold, np.float32(-np.inf))
    fires = {"v_threshold": threshold.astype(np.float64), "v_reset": reset}
    if (decay == 1).all():
        if offset.any():
            _refuse(node, "adds a constant at every timestep, which NIR's IF does not")
        return nir.IF(r=gain / DT, **fires)
    if not ((decay >= 0) & (decay < 1)).all():
        _refuse(node, "has a decay that no time constant gives, expected 0 to 1, all 1 or none")
    leak = 1 - decay
    return nir.LIF(tau=DT / leak, r=gain / leak, v_leak=offset / leak, **fires)


def _metadata(graph: Graph, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What NIR does not say."""
    return {
        "version": VERSION,
        "dt": DT,
        "logits": "the output averaged over the timesteps so far",
        "state": "v begins as `initial`, anew for every sample",
        "output": graph.output,
        "nodes": [
            {"name": node.name, "op": node.op, "inputs": list(node.inputs)}
            | ({"neuron": _recorded(node)} if node.op == "lif" else {})
            for node in graph.nodes
        ],
        "facts": dict(facts),
    }


def _recorded(node: Node) -> dict[str, Any]:
    soft = node.options["reset"] == "soft"
    constants = ("initial", "subtract") if soft else ("initial",)
    numbers = {name: np.ravel(node.number(name)).tolist() for name in constants}
    return {name: node.options[name] for name in ("reset", "fires")} | numbers


def _is_node(graph: Graph, node: Node) -> bool:
    """Whether a sum is a node of NIR, because another sum takes it.

    So no node has more than two edges, and who adds up in whichever order adds up alike.
    """
    return len(node.shape) == 3 and any(each.op == "add" for each in graph.readers(node.name))


def _sources(graph: Graph, names: tuple[str, ...], first: str) -> list[str]:
    """The nodes of NIR whose outputs, added up, are what some of ours add up to."""
    found: list[str] = []
    for name in names:
        node = None if name == INPUT else graph.node(name)
        if node is not None and node.op == "add" and not _is_node(graph, node):
            found += _sources(graph, node.inputs, first)
        else:
            found.append(first if node is None else name)
    if len(set(found)) < len(found):
        raise UnsupportedError(
            f"nodes {', '.join(map(repr, names))}: NIR has one edge from a node to another, and "
            "here something is added up twice"
        )
    return found


def _free(graph: Graph, name: str) -> str:
    taken = {node.name for node in graph.nodes}
    while name in taken:
        name += "_"
    return name


def _refuse(node: Node, why: str) -> NoReturn:
    raise UnsupportedError(f"node {node.name!r} ({node.op}): it {why}")
