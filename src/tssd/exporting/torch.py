"""torch.export: a program that runs without tssd, wherever PyTorch does."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tssd.exporting.request import Ran, Request, Values
from tssd.exporting.state import described, initial_membranes
from tssd.graph import Graph
from tssd.lowering import LoweredNet

STEP = "step.pt2"
FACTS = "tssd.json"


class Step(nn.Module):
    """One timestep as torch.export writes it: state in and out, by the neurons' names.

    Args:
        graph: the network.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.net = LoweredNet(graph)

    def forward(self, x_t: Tensor, state: dict[str, Tensor]) -> dict[str, Any]:
        """Logits [N, K] of x_t [N, C, H, W], those of exits, the next state, and the spikes."""
        made = self.net.step(x_t, list(state.values()))
        following = dict(zip(self.net.lifs, made.membranes, strict=True))
        return {
            "logits": made.logits,
            "exits": made.exits,
            "state": following,
            "spikes": made.spikes,
        }


def write(folder: Path, graph: Graph, facts: Mapping[str, Any], request: Request) -> None:
    """Write step.pt2, the facts as its extra file tssd.json."""
    state = described(graph)
    made = Step(graph).eval()
    # Of two samples: torch takes what is of length 1 for a length that never changes.
    x_t = torch.zeros(2, *graph.sample_shape)
    given = _tensors(initial_membranes(state, 2))
    samples = torch.export.Dim("samples", min=1)
    shapes = {"x_t": {0: samples}, "state": {name: {0: samples} for name in given}}
    with torch.no_grad():
        program = torch.export.export(made, (x_t, given), dynamic_shapes=shapes)
    extra = {FACTS: json.dumps({**facts, "state": state})}
    torch.export.save(program, folder / STEP, extra_files=extra)


def run(folder: Path, x: Values, request: Request) -> Ran:
    """Run the program, loaded from its file, step by step."""
    program, state = _loaded(folder / STEP, (folder / STEP).stat().st_mtime_ns)
    membranes = _tensors(initial_membranes(state, x.shape[1]))
    steps: list[dict[str, Any]] = []
    with torch.no_grad():
        for x_t in x:
            steps.append(program(torch.from_numpy(np.array(x_t)), membranes))
            membranes = steps[-1]["state"]

    def stacked(key: str) -> dict[str, Values]:
        names = steps[0][key]
        return {name: np.stack([step[key][name].numpy() for step in steps]) for name in names}

    logits = np.stack([step["logits"].numpy() for step in steps])
    return Ran(logits, stacked("spikes"), stacked("exits"))


@lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> tuple[nn.Module, list[dict[str, Any]]]:
    extra = {FACTS: ""}
    program = torch.export.load(path, extra_files=extra).module()
    return program, json.loads(extra[FACTS])["state"]


def _tensors(arrays: Mapping[str, Values]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
