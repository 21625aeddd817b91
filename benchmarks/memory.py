"""Memory of a training step: what autograd keeps, and the peak of a fresh process."""

import multiprocessing
import os
import resource
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.peers import PEERS, build
from benchmarks.workloads import Workload

Result = TypeVar("Result")


@dataclass(frozen=True)
class Footprint:
    """Bytes of one training step: kept for the backward pass, and the peak above the idle state."""

    saved: int
    peak: int


class _Kept:
    """A tensor that autograd holds; lives exactly as long as autograd needs it."""

    def __init__(self, tensor: Tensor) -> None:
        # Detached: an output that a function saves would else hold that function for ever.
        self.tensor = tensor.detach()


def saved_bytes(net: nn.Module, x: Tensor, y: Tensor) -> int:
    """Bytes that a forward pass keeps for the backward pass, parameters and buffers excluded.

    Tensors that share memory count once, with all of the memory that they keep alive.
    """
    own = {t.untyped_storage().data_ptr() for t in (*net.parameters(), *net.buffers())}
    alive: weakref.WeakSet[_Kept] = weakref.WeakSet()

    def pack(tensor: Tensor) -> _Kept:
        kept = _Kept(tensor)
        alive.add(kept)
        return kept

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept.tensor):
        loss = F.cross_entropy(net(x).mean(0), y)
    storages = [kept.tensor.untyped_storage() for kept in alive]
    sizes = {s.data_ptr(): s.nbytes() for s in storages if s.data_ptr() not in own}
    del loss  # the graph, and with it what is counted, had to live until here
    return sum(sizes.values())


def resident() -> tuple[int, int]:
    """Resident memory of this process in bytes: now, and the largest so far."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux; its getrusage would start from the parent's peak
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        now, peak = (1024 * int(lines[key].split()[0]) for key in ("VmRSS", "VmHWM"))
        return now, peak
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024
    return peak, peak


def _footprint(peer: str, workload: Workload, device: str, threads: int) -> Footprint:
    """Measure one peer; to be called once in a fresh process."""
    torch.set_num_threads(threads)
    net = build(peer, workload, device=device)
    x, y = workload.input(device)

    def step(batch: int) -> None:
        net.zero_grad(set_to_none=False)
        F.cross_entropy(net(x[:, :batch]).mean(0), y[:batch]).backward()

    # One sample brings in the gradients, as large as the weights, and the libraries' code pages;
    # both belong to the idle state.
    step(1)
    on_gpu = device.startswith("cuda")
    idle = torch.cuda.memory_allocated() if on_gpu else resident()[0]
    step(workload.batch)
    peak = torch.cuda.max_memory_allocated() if on_gpu else resident()[1]
    return Footprint(saved_bytes(net, x, y), peak - idle)


def in_fresh_process(function: Callable[..., Result], *args: object, **options: object) -> Result:
    """What a function returns in a process of its own, whose peak is that of this call alone."""
    # glibc: large blocks go back to the system when freed, so that the peak is what was in use at
    # once and not how the allocator's heap was fragmented.
    os.environ["MALLOC_MMAP_THRESHOLD_"] = str(64 * 1024)
    spawn = multiprocessing.get_context("spawn")  # a fork would inherit the parent's memory
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(function, *args, **options).result()


def measure(workload: Workload, *, device: str = "cpu") -> dict[str, Footprint]:
    """Footprint by peer, each in a process of its own."""
    threads = torch.get_num_threads()
    return {peer: in_fresh_process(_footprint, peer, workload, device, threads) for peer in PEERS}
