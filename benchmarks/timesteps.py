"""Time of evaluating a network at every T: one pass with running means, or a pass for each T."""

import torch
from torch import Tensor, nn

from benchmarks.peers import build
from benchmarks.timing import Samples, interleaved
from benchmarks.workloads import Workload
from tssd.time import running_mean


@torch.no_grad()
def one_pass(net: nn.Module, x: Tensor) -> Tensor:
    """Mean logits [T, N, K] at 1..T timesteps of x [T, N, ...]: entry t is the answer at t + 1."""
    return running_mean(net(x))


@torch.no_grad()
def separate_passes(net: nn.Module, x: Tensor) -> Tensor:
    """The same by running the network anew for 1, 2, ..., T timesteps."""
    return torch.stack([net(x[:steps]).mean(0) for steps in range(1, x.shape[0] + 1)])


def measure(workload: Workload, *, rounds: int, device: str = "cpu") -> dict[str, Samples]:
    """Seconds of evaluating one batch at T = 1, 2, ..., by way of doing it."""
    x, _ = workload.input(device)
    net = build("tssd", workload, device=device).eval()
    jelly = build("SpikingJelly", workload, device=device).eval()
    return interleaved(
        {
            "tssd, one pass": lambda: one_pass(net, x),
            "tssd, separate passes": lambda: separate_passes(net, x),
            "SpikingJelly, separate passes": lambda: separate_passes(jelly, x),
        },
        rounds=rounds,
        device=device,
    )
