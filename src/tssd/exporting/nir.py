"""The format `nir`: one file of NIR, network.nir, run by nirtorch."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray

from tssd.atomic import write_atomically
from tssd.exporting.nir_running import run_nir
from tssd.exporting.nir_writing import to_nir
from tssd.exporting.request import Ran, Request
from tssd.graph import Graph

FILE = "network.nir"


def write(folder: Path, graph: Graph, facts: Mapping[str, Any], request: Request) -> None:
    """Write the file.

    Raises: UnsupportedError: what NIR can't say, with the layer. DataError: the folder can't be
        written to.
    """
    made = to_nir(graph, facts, soft_reset=request.soft_reset)
    held: Any = io.BytesIO()
    # Not right into the file, which is locked while it is written: HDF5 locks it, too.
    nir.write(held, made)
    write_atomically(folder / FILE, lambda temporary: temporary.write_bytes(held.getvalue()))


def run(folder: Path, x: NDArray[np.float32], request: Request) -> Ran:
    """Run what was written by the reference, from a clean state.

    Shapes: x [T, N, C, H, W].
    """
    # torch wants what can be written to, which a view that repeats an image may not be.
    given = torch.from_numpy(np.require(x, requirements=["W"]))
    found = run_nir(folder / FILE, given, spikes=request.spikes)
    spikes = {name: seen.numpy() for name, seen in found.spikes.items()}
    return Ran(found.logits.numpy(), spikes)
