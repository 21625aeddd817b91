"""VGG-9 with random weights whose every layer fires at a rate that is imposed."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.graph import INPUT, Graph, Node

STAGES = ((64, 128), (256, 256), (512, 512), (512, 512))
CLASSES = 10
LIF = {
    "decay": 0.5,
    "input_scale": 1.0,
    "offset": 0.0,
    "threshold": 1.0,
    "initial": 0.0,
    "subtract": 1.0,
    "reset": "soft",
    "fires": "at",
}
CONV = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}
POOL = {"kernel": [2, 2], "stride": [2, 2], "ceil": False}


def images(samples: int, size: int = 32, seed: int = 1) -> np.ndarray:
    """Noise [N, 3, H, W]."""
    random = np.random.default_rng(seed)
    return random.standard_normal((samples, 3, size, size)).astype(np.float32)


def imposed(
    rate: float,
    timesteps: int,
    *,
    size: int = 32,
    stages: tuple[tuple[int, ...], ...] = STAGES,
    seed: int = 0,
) -> Graph:
    """The network; its layers' biases are such that this share of neurons fires at a timestep.

    Args:
        rate: of every layer, as a mean over the timesteps and some images of noise.
        timesteps: T at which it holds; with a soft reset, rates grow over the first timesteps.
        size: side of the image in pixels.
        stages: output channels of the convolutions.
        seed: of the weights.
    """
    generator = torch.Generator().manual_seed(seed)
    x = torch.from_numpy(images(2, size)).repeat(timesteps, 1, 1, 1)
    nodes, source, channels = [], INPUT, 3
    for index, stage in enumerate(stages):
        if index:
            size //= 2
            nodes.append(
                Node(f"pool{index}", "avg_pool", (source,), (channels, size, size), {}, POOL)
            )
            source, x = f"pool{index}", F.avg_pool2d(x, 2)
        for position, outputs in enumerate(stage):
            name, shape = f"{index}.{position}", (outputs, size, size)
            weight = torch.randn(outputs, channels, 3, 3, generator=generator)
            currents = F.conv2d(x, weight, padding=1)
            std, mean = torch.std_mean(currents, (0, 2, 3), keepdim=True)
            x, bias = _fired((currents - mean) / std, rate, timesteps)
            arrays = {
                "weight": (weight / std.view(-1, 1, 1, 1)).numpy(),
                "bias": (bias - mean / std).flatten().numpy(),
            }
            nodes.append(Node(f"conv{name}", "conv", (source,), shape, arrays, CONV))
            source, channels = f"lif{name}", outputs
            nodes.append(Node(source, "lif", (f"conv{name}",), shape, {}, LIF))
    size //= 2
    flat = channels * size * size
    head = torch.randn(CLASSES, flat, generator=generator) / flat**0.5
    arrays = {"weight": head.numpy(), "bias": np.zeros(CLASSES, np.float32)}
    nodes += [
        Node("pool", "avg_pool", (source,), (channels, size, size), {}, POOL),
        Node("flat", "flatten", ("pool",), (flat,)),
        Node("head", "linear", ("flat",), (CLASSES,), arrays),
    ]
    side = size * 2 ** len(stages)
    return Graph(tuple(nodes), (3, side, side), "head")


def lif(x: Tensor, timesteps: int) -> Tensor:
    """Spikes of LIF above, [T * N, ...] -> alike."""
    v, spikes = 0.0, []
    for x_t in x.unflatten(0, (timesteps, -1)):
        v = 0.5 * v + x_t
        spikes.append((v >= 1).to(x.dtype))
        v = v - spikes[-1]
    return torch.cat(spikes)


def _fired(x: Tensor, rate: float, timesteps: int) -> tuple[Tensor, float]:
    """Spikes at a rate, and what has to be added to the currents for it."""
    low, high = -8.0, 8.0
    for _ in range(20):
        bias = (low + high) / 2
        spikes = lif(x + bias, timesteps)
        low, high = (bias, high) if spikes.mean() < rate else (low, bias)
    return spikes, bias
