"""What is measured: networks as plain lists of layers, with their input."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from tssd.models.vgg import VGG9_STAGES, scaled
from tssd.time import repeat_in_time

# A layer's kind and its sizes: ("conv", c_in, c_out), ("linear", f_in, f_out), ("norm", channels),
# ("neuron",), ("pool",), ("flatten",). Convolutions are 3x3 and keep the size; pools halve it.
Layer = tuple[str, *tuple[int, ...]]


@dataclass(frozen=True)
class Workload:
    """A network and its input.

    Args:
        name: shown in the tables.
        layers: the network; VGG-9s are built by `tssd.models.vgg9` for us and by this for others.
        sample: shape of one sample at one timestep.
        timesteps: T.
        batch: N.
        static: whether all timesteps show the same image (a view) instead of an event sequence.
        width: of a VGG-9; None = another network.
    """

    name: str
    layers: tuple[Layer, ...]
    sample: tuple[int, ...]
    timesteps: int
    batch: int
    static: bool = False
    width: float | None = None

    def input(self, device: str = "cpu") -> tuple[Tensor, Tensor]:
        """Input [T, N, ...] and classes [N], the same at every call."""
        generator = torch.Generator().manual_seed(0)
        target = torch.randint(10, (self.batch,), generator=generator).to(device)
        if self.static:
            images = torch.randn(self.batch, *self.sample, generator=generator)
            return repeat_in_time(images.to(device), self.timesteps), target
        shape = (self.timesteps, self.batch, *self.sample)
        return torch.bernoulli(torch.full(shape, 0.3), generator=generator).to(device), target


def vgg(width: float, batch: int, *, timesteps: int = 4, size: int = 32) -> Workload:
    """The paper's VGG-9 on static images of 3 x size x size."""
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
        name=f"VGG-9, width {width:g}, batch {batch}, T {timesteps}",
        layers=tuple(layers),
        sample=(3, size, size),
        timesteps=timesteps,
        batch=batch,
        static=True,
        width=width,
    )


def perceptron(batch: int, *, timesteps: int = 16, hidden: int = 256) -> Workload:
    """Two small layers on event sequences, where the cost is that of calling operations."""
    return Workload(
        name=f"perceptron 128-{hidden}-{hidden}-10, batch {batch}, T {timesteps}",
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
    )
