"""Memory of a training step: what autograd keeps, and the peak of a fresh process."""

import multiprocessing
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.peers import PEERS, build
from benchmarks.training_step import training_step
from benchmarks.workloads import Workload


@dataclass(frozen=True)
class Footprint:
    """Bytes of one training step: kept for the backward pass, and the peak above the idle state."""

    saved: int
    peak: int


def saved_bytes(net: nn.Module, x: Tensor, y: Tensor) -> int:
    """Bytes that a forward pass keeps for the backward pass, parameters and buffers excluded.

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
    # The graph is alive up to here, so no address has been used twice.
    total = sum(kept.values())
    del loss
    return total


def _peak_rss() -> int:
    """Largest resident size of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux; there getrusage would start from the parent's size
        line = next(s for s in status.read_text().splitlines() if s.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _footprint(peer: str, workload: Workload, device: str, threads: int) -> Footprint:
    """Measure one peer; to be called once in a fresh process."""
    torch.set_num_threads(threads)
    net = build(peer, workload, device=device)
    x, y = workload.input(device)
    saved = 0
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6)
    for p in net.parameters():  # gradients belong to the idle state: they are as large as weights
        p.grad = torch.zeros_like(p)
    gpu = device.startswith("cuda")
    idle = torch.cuda.memory_allocated() if gpu else _peak_rss()
    for _ in range(2):
        optimizer.zero_grad(set_to_none=False)
        F.cross_entropy(net(x).mean(0), y).backward()
        optimizer.step()
    peak = torch.cuda.max_memory_allocated() if gpu else _peak_rss()
    return Footprint(saved_bytes(net, x, y), peak - idle)


def measure(workload: Workload, *, device: str = "cpu") -> dict[str, Footprint]:
    """Footprint by peer, each in a process of its own."""
    spawn = multiprocessing.get_context("spawn")  # a fork would inherit the parent's memory
    result = {}
    for peer in PEERS:
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            args = (peer, workload, device, torch.get_num_threads())
            result[peer] = process.submit(_footprint, *args).result()
    return result
