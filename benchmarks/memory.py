"""Memory of a training step: what autograd keeps, and the peak of a fresh process.

As a script it is that process: `python -m benchmarks.memory PEER WORKLOAD_AS_JSON` prints bytes.
"""

import subprocess
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.peers import build
from benchmarks.workloads import Workload


def saved_bytes(net: nn.Module, x: Tensor, y: Tensor) -> int:
    """Bytes that one forward pass keeps for the backward pass, parameters and buffers excluded.

    Tensors that share memory count once, with all of the memory that they keep alive.
    """
    own = {t.untyped_storage().data_ptr() for t in (*net.parameters(), *net.buffers())}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = F.cross_entropy(net(x).mean(0), y)
        # Counted before the backward pass frees anything, so that no address is used twice.
        total = sum(kept.values())
    loss.backward()
    return total
