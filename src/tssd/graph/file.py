"""A graph in one safetensors file: arrays as tensors, the rest as JSON in its metadata."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tssd.atomic import write_atomically
from tssd.errors import DataError
from tssd.graph.graph import Graph
from tssd.graph.node import Node

# Of the file's form; another one is refused.
VERSION = 1
# What reading JSON of any shape may raise.
OF_OTHERS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


class GraphFile(NamedTuple):
    """What a file holds: the network, and plain facts about it, such as its classes."""

    graph: Graph
    facts: dict[str, Any]


def write_graph(path: Path, graph: Graph, facts: Mapping[str, Any]) -> None:
    """Write a graph and facts, which are plain JSON, whole or not at all.

    Raises: DataError: it can't be written.
    """
    tensors, nodes = {}, []
    for index, node in enumerate(graph.nodes):
        # Numbered, since a module's name and an array's may run into another's.
        keys = {name: f"{index}.{name}" for name in node.arrays}
        tensors |= {keys[name]: np.ascontiguousarray(a) for name, a in node.arrays.items()}
        nodes.append(
            {
                "name": node.name,
                "op": node.op,
                "inputs": list(node.inputs),
                "shape": list(node.shape),
                "arrays": keys,
                "options": dict(node.options),
            }
        )
    content = {
        "version": VERSION,
        "nodes": nodes,
        "sample_shape": list(graph.sample_shape),
        "output": graph.output,
        "exits": dict(graph.exits),
    }
    metadata = {
        "format": "tssd-graph",
        "graph": json.dumps(content, allow_nan=False),
        "facts": json.dumps(dict(facts), allow_nan=False),
    }
    data = save(tensors, metadata=metadata)
    write_atomically(Path(path), lambda temporary: temporary.write_bytes(data))


def read_graph(path: Path) -> GraphFile:
    """Read what `write_graph` wrote; nothing in the file can run.

    Raises: DataError: missing, damaged, or no graph.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file, expected a network that `tssd export` has written")
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != "tssd-graph":
                raise ValueError("it is safetensors, but holds no graph")
            content = json.loads(metadata["graph"])
            if content["version"] != VERSION:
                raise ValueError(f"its form is {content['version']}, expected {VERSION}")
            nodes = tuple(_node(entry, file) for entry in content["nodes"])
            facts = json.loads(metadata["facts"])
            if not isinstance(facts, dict):
                raise ValueError("its facts are no mapping")
        sample_shape = tuple(content["sample_shape"])
        return GraphFile(Graph(nodes, sample_shape, content["output"], content["exits"]), facts)
    # What a stranger's JSON may hold is of any shape, depth and size.
    except (SafetensorError, OSError, *OF_OTHERS) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
    except DataError as error:
        reason = str(error)
    raise DataError(f"{path}: damaged or no graph ({reason}); export the network again")


def _node(entry: dict[str, Any], file: Any) -> Node:
    arrays = {name: file.get_tensor(key) for name, key in entry["arrays"].items()}
    return Node(
        str(entry["name"]),
        str(entry["op"]),
        tuple(entry["inputs"]),
        tuple(entry["shape"]),
        arrays,
        entry["options"],
    )
