"""One operation of a network: what it does at one timestep to one sample."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Node:
    """One operation; `tssd.graph.ops` says which there are, and what each takes.

    Args:
        name: the path of the module that it was, such as "stages.0.2"; unique in its graph.
        op: which operation.
        inputs: names of the nodes it gets, in order; "input" is the network's input.
        shape: of its output for one sample at one timestep: (C, H, W) or (F,).
        arrays: float32 weights by name; they are kept as views that can't be written.
        options: plain values of JSON by name.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    arrays: Mapping[str, Array] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        views = {name: array.view() for name, array in self.arrays.items()}
        for view in views.values():
            view.flags.writeable = False
        object.__setattr__(self, "arrays", views)
        object.__setattr__(self, "options", dict(self.options))

    def number(self, name: str) -> np.float32 | Array:
        """A constant that is an option for the whole layer, or an array with one a channel.

        An array comes as [C, 1, ...], so that it spreads over values [N, C, ...].

        Raises: KeyError: the node has neither.
        """
        if name in self.arrays:
            return self.arrays[name].reshape(-1, *[1] * (len(self.shape) - 1))
        return np.float32(self.options[name])
