"""What a network does with single samples: decisions at every T, maps of spikes, latency."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tssd.evaluation.firing import is_spiking
from tssd.evaluation.spike_counts import Pass
from tssd.models.base import eval_mode
from tssd.neurons import Neuron
from tssd.time import running_mean

REPEATS = 5


@dataclass(frozen=True)
class Traces:
    """A network on N samples.

    Args:
        predicted: class at T = 1..T_max, [T_max, N].
        confidence: its softmax of the mean logits, [T_max, N].
        maps: by layer, in the order of execution: spikes per neuron and timestep over the first T
            steps, mean over the channels, [T_max, N, H, W]; layers without rows and columns, or
            whose calls fit no timesteps, are missing.
    """

    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    maps: dict[str, NDArray[np.float32]]


def trace(net: nn.Module, x: Tensor) -> Traces:
    """Run a network in eval mode over a sequence and note its decisions and spikes.

    Shapes: x [T_max, N, C, H, W]; a time-expanded view will do.
    """
    # Neurons that take sequences take [T, N, ...], whatever the network around them takes.
    steps = Pass(x.shape[0], x.shape[1])
    seen: dict[str, list[Tensor | None]] = {}
    with torch.no_grad(), eval_mode(net), _watching(net, steps, seen):
        logits = net(x).logits
        best = running_mean(logits.double().cpu()).softmax(-1).max(-1)
    maps: dict[str, NDArray[np.float32]] = {}
    for name, calls in seen.items():
        placed = [call for call in calls if call is not None]
        if len(placed) == len(calls) and sum(len(c) for c in placed) == x.shape[0]:
            spikes = torch.cat(placed)
            if spikes.dim() == 5:
                maps[name] = running_mean(spikes.mean(2)).float().cpu().numpy()
    return Traces(best.indices.numpy(), best.values.numpy(), maps)


def latency_ms(net: nn.Module, x: Tensor, *, repeats: int = REPEATS) -> tuple[float, ...]:
    """Milliseconds that one sample takes at T = 1..T_max, median of some runs after one more.

    Shapes: x [T_max, 1, C, H, W].
    """
    found: list[float] = []
    with torch.no_grad(), eval_mode(net):
        for t in range(1, x.shape[0] + 1):
            seconds: list[float] = []
            for _ in range(repeats + 1):
                start = perf_counter()
                net(x[:t]).logits.cpu()  # the copy waits for an accelerator to finish
                seconds.append(perf_counter() - start)
            found.append(1e3 * median(seconds[1:]))
    return tuple(found)


@contextmanager
def _watching(net: nn.Module, steps: Pass, seen: dict[str, list[Tensor | None]]) -> Iterator[None]:
    def hook(name: str) -> Any:
        def note(module: nn.Module, _: Any, output: Any) -> None:
            spikes = output[0] if isinstance(output, tuple) else output
            # As in `tssd.evaluation.costs`: SpikingJelly's neurons say whether they take sequences.
            has_time = isinstance(module, Neuron) or getattr(module, "step_mode", "s") == "m"
            seen.setdefault(name, []).append(steps.split(spikes, has_time=has_time))

        return note

    with ExitStack() as hooks:
        for name, module in net.named_modules():
            if is_spiking(module):
                hooks.enter_context(module.register_forward_hook(hook(name)))
        yield
