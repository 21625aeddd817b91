"""Files of NIR that we wrote, read back as graphs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError
from tssd.exporting.nir_writing import METADATA, VERSION, library
from tssd.graph import INPUT, Graph, Node
from tssd.graph.file import OF_OTHERS, GraphFile
from tssd.graph.ops import OPS
from tssd.reading import one_line

# What arrays of a file may unpack to, and how deep its groups may lie.
MOST_BYTES, DEEPEST = 8 << 30, 8


def read_nir(path: Path) -> GraphFile:
    """Read what `--format nir` wrote; weights that were changed since count as they are.

    Raises: DataError: missing, damaged, or not a file that we wrote. UsageError: the package nir is
        not installed.
    """
    content = load(path)
    told = recorded(content)
    if not told:
        raise DataError(
            f"{path}: NIR, but not of tssd: it does not say its timestep and what NIR leaves open; "
            "expected what `tssd export --format nir` writes"
        )
    try:
        return GraphFile(_graph(content, told), dict(told["facts"]))
    # What a stranger's JSON may hold is of any shape.
    except OF_OTHERS as error:
        raise damaged(path, one_line(error)) from error
    except DataError as error:
        raise damaged(path, str(error)) from None


def load(path: Path) -> Any:
    """The `nir.NIRGraph` of any file of NIR. Raises: as `read_nir`."""
    path, nir = Path(path), library()
    if not path.is_file():
        raise DataError(f"{path}: no such file, expected one of NIR")
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _check(file, DEEPEST, [0])
        return nir.read(path)
    except Exception as error:  # the package checks nothing, and reads what is not there
        raise damaged(path, one_line(error)) from error


def recorded(content: Any) -> dict[str, Any]:
    """What our metadata says beside a `nir.NIRGraph`; empty if it has none.

    Raises: DataError: of another version, or no JSON.
    """
    text = content.metadata.get(METADATA)
    if text is None:
        return {}
    try:
        told = json.loads(text)
        if told["version"] != VERSION:
            raise ValueError(f"its version is {told['version']}, expected {VERSION}")
        if not 0 < float(told["dt"]) < 1:
            raise ValueError(f"its dt is {told['dt']}, expected seconds of a timestep")
    except OF_OTHERS as error:
        raise DataError(
            f"nir: damaged metadata of tssd ({one_line(error)}); export it again"
        ) from None
    return told


def _check(group: Any, deep: int, size: list[int]) -> None:
    """Refuse what leads out of the file, in circles, or to more memory than there is."""
    import h5py

    if not deep:
        raise ValueError("its groups lie too deep")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} is a link to elsewhere")
        item = group[name]
        if isinstance(item, h5py.Group):
            _check(item, deep - 1, size)
        elif item.is_virtual or item.external:
            raise ValueError(f"{name} lies in another file")
        else:
            size[0] += item.nbytes
            if size[0] > MOST_BYTES:
                raise ValueError(f"it unpacks to more than {MOST_BYTES >> 30} GiB")


def _graph(content: Any, told: Mapping[str, Any]) -> Graph:
    starts = [name for name, node in content.nodes.items() if type(node).__name__ == "Input"]
    if len(starts) != 1:
        raise ValueError(f"it has {len(starts)} inputs, expected one")
    sample_shape = tuple(map(int, content.nodes[starts[0]].input_type["input"]))
    # Which edges lead where must be what the list of nodes says, or somebody has changed it.
    into: dict[str, set[str]] = {}
    for source, target in content.edges:
        into.setdefault(target, set()).add(source)
    shapes, sources = {INPUT: sample_shape}, {INPUT: {starts[0]}}
    nodes: list[Node] = []
    for entry in told["nodes"]:
        name, inputs = entry["name"], tuple(entry["inputs"])
        wanted = {source for each in inputs for source in sources[each]}
        node = _node(content, entry, told["dt"])
        # A sum is a node of its own only where another sum takes it.
        sources[name] = {name} if name in content.nodes else wanted
        begins = f"{name}.pool" if entry["op"] == "mean" else name
        if name in content.nodes and into.get(begins) != wanted:
            raise ValueError(f"edges to {begins} are not those that were written")
        node = replace(node, shape=OPS[node.op].shape(node, [shapes[each] for each in inputs]))
        shapes[name] = node.shape
        nodes.append(node)
    return Graph(tuple(nodes), sample_shape, told["output"])


def _node(content: Any, entry: Mapping[str, Any], dt: float) -> Node:
    """A node without its shape."""
    name, op = entry["name"], entry["op"]
    # A sum is no node of its own there.
    found: Any = None if op == "add" else content.nodes[name]
    arrays: dict[str, NDArray[np.float32]] = {}
    options: dict[str, Any] = {}
    if op in ("conv", "linear"):
        arrays = {each: _single(getattr(found, each)) for each in ("weight", "bias")}
    if op == "conv":
        pairs = ("stride", "padding", "dilation")
        options = {each: [*pair(getattr(found, each))] for each in pairs} | {"groups": 1}
    elif op == "affine":
        weight = _single(found.weight).reshape(len(found.bias), -1)
        arrays = {"scale": weight.diagonal().copy(), "shift": _single(found.bias)}
        if (np.diag(arrays["scale"]) != weight).any():
            raise ValueError(f"{name} mixes channels, which it did not when it was written")
    elif op == "avg_pool":
        kernel, stride = pair(found.kernel_size), pair(found.stride)
        options = {"kernel": [*kernel], "stride": [*stride], "ceil": False}
    elif op == "lif":
        arrays, options = _neuron(found, entry["neuron"], dt)
    return Node(name, op, tuple(entry["inputs"]), (), arrays, options)


def _neuron(
    found: Any, told: Mapping[str, Any], dt: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays and options of a lif."""
    numbers = constants(found, told, dt)
    del numbers["reset_value" if told["reset"] == "soft" else "subtract"]
    made = {name: _smallest(values) for name, values in numbers.items()}
    arrays = {name: value for name, value in made.items() if isinstance(value, np.ndarray)}
    options = {name: value for name, value in made.items() if name not in arrays}
    return arrays, options | {"reset": told["reset"], "fires": told["fires"]}


def constants(found: Any, told: Mapping[str, Any], dt: float) -> dict[str, NDArray[np.float32]]:
    """What a step of dt makes of a neuron of NIR: the constants of `lif`, one for each neuron.

    Args:
        found: `nir.LIF` or `nir.IF`.
        told: what is recorded of it; empty = what NIR says alone.
        dt: seconds of a timestep.
    """
    shape = np.shape(found.v_threshold)
    leak = dt / found.tau if hasattr(found, "tau") else np.zeros(shape)
    gain = leak * found.r if hasattr(found, "tau") else dt * found.r
    threshold = _single(found.v_threshold)
    if told.get("fires") == "at":
        threshold = np.nextafter(threshold, np.float32(np.inf))
    exact = {
        "decay": 1 - leak,
        "input_scale": gain,
        "offset": leak * getattr(found, "v_leak", 0.0),
        "reset_value": found.v_reset,
        "threshold": threshold,
        "initial": _spread(told.get("initial", [0.0]), shape),
        "subtract": _spread(told.get("subtract", [0.0]), shape),
    }
    return {name: _single(np.broadcast_to(values, shape)) for name, values in exact.items()}


def _spread(values: list[float], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Of a layer or its channels to all its neurons."""
    return np.broadcast_to(np.reshape(values, (-1, *[1] * (len(shape) - 1))), shape)


def _smallest(values: NDArray[np.float32]) -> float | NDArray[np.float32]:
    """One number for a layer, or one for each channel. Raises: ValueError: there are more."""
    rows = values.reshape(len(values), -1)
    if (rows == rows[0, 0]).all():
        return float(rows[0, 0])
    if (rows == rows[:, :1]).all():
        return rows[:, 0].copy()
    raise ValueError("neurons of one channel have several constants, expected one")


def _single(values: Any) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def pair(values: Any) -> tuple[int, int]:
    """Rows and columns, where a file may say one number for both."""
    rows, columns = np.broadcast_to(values, 2)
    return int(rows), int(columns)


def damaged(path: Path, reason: str) -> DataError:
    """What says that a file is none of ours any more."""
    return DataError(f"{path}: damaged, or not NIR ({reason}); export the network again")
