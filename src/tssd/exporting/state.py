"""The state of a graph of one timestep, as whoever runs it elsewhere has to begin it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tssd.exporting.request import Values
from tssd.graph import Graph


def described(graph: Graph) -> list[dict[str, Any]]:
    """Name, shape of one sample and first value of each neuron's membrane, as plain JSON.

    A first value is one number for the layer, or a list with one for each channel.
    """
    return [
        {
            "name": node.name,
            "shape": list(node.shape),
            "initial": np.asarray(node.number("initial")).ravel().tolist()
            if "initial" in node.arrays
            else float(node.options["initial"]),
        }
        for node in graph.neurons()
    ]


def initial_membranes(state: Sequence[Mapping[str, Any]], samples: int) -> dict[str, Values]:
    """Membranes before the first timestep, [N, *shape] by the neurons' names.

    Args:
        state: as `described` has it.
        samples: N.
    """
    made = {}
    for each in state:
        first = np.asarray(each["initial"], np.float32)
        first = first.reshape(-1, *[1] * (len(each["shape"]) - 1)) if first.ndim else first
        made[each["name"]] = np.broadcast_to(first, (samples, *each["shape"])).copy()
    return made
