"""What is measured: networks as plain lists of layers, with their input."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from tssd.models.blocks import scaled
from tssd.models.vgg import VGG9_STAGES
from tssd.time import repeat_in_time

# A layer's kind and its sizes: ("conv", c_in, c_out), ("linear", f_in, f_out), ("norm", channels),
# ("neuron",), ("pool",), ("flatten",). Convolutions are 3x3 and keep the size; pools halve it.
Layer = tuple[str, *tuple[int, ...]]
Surrogate = Literal["rectangular", "sigmoid"]


@dataclass(frozen=True)
class Workload:
    """A network and its input.

    Args:
        name: shown in the tables.
        layers: the network, layer by layer.
        sample: shape of one sample at one timestep.
        timesteps: T.
        batch: N.
        width: of a VGG-9, whose input is static: T times the same image. None = a perceptron,
            whose input is an event sequence.
        surrogate: the spike's gradient, rectangular of width 1 or sigmoid of slope 4.
    """

    name: str
    layers: tuple[Layer, ...]
    sample: tuple[int, ...]
    timesteps: int
    batch: int
    width: float | None = None
    surrogate: Surrogate = "rectangular"

    def input(self, device: str = "cpu") -> tuple[Tensor, Tensor]:
        """Input [T, N, ...] and classes [N], the same at every call."""
        generator = torch.Generator().manual_seed(0)
        target = torch.randint(10, (self.batch,), generator=generator).to(device)
        if self.width is not None:
            images = torch.randn(self.batch, *self.sample, generator=generator)
            return repeat_in_time(images.to(device), self.timesteps), target
        rates = torch.full((self.timesteps, self.batch, *self.sample), 0.3)
        return torch.bernoulli(rates, generator=generator).to(device), target


def vgg9_images(
    width: float,
    batch: int,
    *,
    timesteps: int = 4,
    size: int = 32,
    surrogate: Surrogate = "rectangular",
) -> Workload:
    """The paper's VGG-9 on images [N, 3, size, size]."""
    layers: list[Layer] = []
    c_in = 3
    for stage in VGG9_STAGES:
        if layers:
            layers.append(("pool",))
        channels = [c_in, *(scaled(c, width) for c in stage)]
        for a, b in pairwise(channels):
            layers += [("conv", a, b), ("norm", b), ("neuron",)]
        c_in = channels[-1]
    features = c_in * (size // 16) ** 2
    layers += [("pool",), ("flatten",), ("linear", features, 10)]
    return Workload(
        name=f"VGG-9 width {width:g}, batch {batch}, T = {timesteps}",
        layers=tuple(layers),
        sample=(3, size, size),
        timesteps=timesteps,
        batch=batch,
        width=width,
        surrogate=surrogate,
    )


def perceptron(
    batch: int,
    *,
    timesteps: int = 16,
    hidden: int = 256,
    surrogate: Surrogate = "rectangular",
) -> Workload:
    """Two small spiking layers on events [T, N, 128]: calling operations is most of the cost."""
    return Workload(
        name=f"perceptron 128-{hidden}-{hidden}-10, batch {batch}, T = {timesteps}",
        layers=(
            ("linear", 128, hidden),
            ("neuron",),
            ("linear", hidden, hidden),
            ("neuron",),
            ("linear", hidden, 10),
        ),
        sample=(128,),
        timesteps=timesteps,
        batch=batch,
        surrogate=surrogate,
    )
