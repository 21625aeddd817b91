"""What whole-number weights change, layer by layer."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tssd.engine.net import Network
from tssd.graph import Graph


def changed_spikes(
    graph: Graph, weights: str, x: NDArray, timesteps: int | None = None
) -> Mapping[str, float]:
    """The share of each layer's spikes that are others than those of float32 weights.

    Both networks get the same input, and each layer what its own network gives it, so that changes
    add up on the way: the share of the last layers says more about the logits than that of the
    first ones.

    Args:
        graph: the network.
        weights: "int8" or "int7".
        x: images [N, C, H, W] or frames [T, N, C, H, W].
        timesteps: T.
    Returns: by node of the neurons, the number of places and timesteps where one network spikes and
        the other does not, over the number of all.
    Raises: UsageError: as `Network`.
    """
    with (
        Network(graph, dense_above=np.inf) as exact,
        Network(graph, weights=weights, dense_above=np.inf) as whole,
    ):
        expected, found = (net.trace(x, timesteps).spikes for net in (exact, whole))
    return {name: float((found[name] != s).mean()) for name, s in expected.items()}
