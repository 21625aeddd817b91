"""What the exporter and each format say to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError
from tssd.graph import Graph

Values = NDArray[np.float32]
Weights = Literal["float32", "int8", "int7"]
SoftReset = Literal["refused", "recorded"]


class UnsupportedError(UsageError):
    """A format that can't say what a network does: which node, why, and what can be done."""


@dataclass(frozen=True, eq=False)
class Request:
    """What is wanted of a format.

    Args:
        timesteps: the T of what is written for one T, and the most that is measured.
        weights: as what weights are written.
        samples: the network's input [T, N, C, H, W] for calibration, of no sample of the test part;
            N is 0 where there are no others.
        spikes: whether a runtime that shows spikes, and exits, is to show them.
        soft_reset: of neurons that subtract their threshold, where a format knows none: "refused",
            or "recorded", for readers who look there.
    """

    timesteps: int
    weights: Weights
    samples: Values
    spikes: bool = True
    soft_reset: SoftReset = "refused"


@dataclass(frozen=True, eq=False)
class Ran:
    """What a runtime made of an input.

    Args:
        logits: of each timestep, not averaged, [T, N, K].
        spikes: of each lif node that the runtime shows, [T, N, *shape] by its name.
        exits: likewise the logits of exits that were kept, as far as it shows them.
    """

    logits: Values
    spikes: Mapping[str, Values] = field(default_factory=dict)
    exits: Mapping[str, Values] = field(default_factory=dict)


class Format(Protocol):
    """A module of this package that writes files of one kind and runs them again."""

    def write(self, folder: Path, graph: Graph, facts: Mapping[str, Any], request: Request) -> None:
        """Write into an empty folder; the facts, which are plain JSON, go into the files as well.

        Raises: UnsupportedError: the format can't say what the graph does.
        """
        ...

    def run(self, folder: Path, x: Values, request: Request) -> Ran:
        """Run what lies in the folder on x [T, N, C, H, W] by the format's own runtime."""
        ...
