"""Time of a training step: forward, backward, SGD."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.peers import PEERS, build
from benchmarks.timing import Samples, interleaved
from benchmarks.workloads import Workload


def training_step(net: nn.Module, x: Tensor, y: Tensor, optimizer: torch.optim.Optimizer) -> Tensor:
    """One step on the cross entropy of the mean logits; returns the loss []."""
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x).mean(0), y)
    loss.backward()
    optimizer.step()
    return loss


def _action(net: nn.Module, x: Tensor, y: Tensor) -> Callable[[], object]:
    # A step of this size leaves the weights, and with them the firing rates, where they were.
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9)
    return lambda: training_step(net, x, y, optimizer)


def measure(workload: Workload, *, rounds: int, device: str = "cpu") -> dict[str, Samples]:
    """Seconds of a training step by peer."""
    x, y = workload.input(device)
    actions = {peer: _action(build(peer, workload, device=device), x, y) for peer in PEERS}
    return interleaved(actions, rounds=rounds, device=device)
