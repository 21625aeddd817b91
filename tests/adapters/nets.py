"""Small networks as other people write them. All are 8x8 pixels, 5 classes, hidden width 6."""

import torch
from torch import Tensor, nn

import tssd

CLASSES = 5
SIZE = 8


def images(samples: int, *, seed: int = 0) -> Tensor:
    """Random images [N, 1, 8, 8] in [0, 1)."""
    return torch.rand(samples, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def sequence(steps: int, samples: int, *, seed: int = 0) -> Tensor:
    """Random sequences [T, N, 1, 8, 8]: every step is another image."""
    return images(steps * samples, seed=seed).unflatten(0, (steps, samples))


class Plain(nn.Module):
    """[T, N, 1, 8, 8] -> [T, N, K] with our own neurons."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            tssd.TimeFold(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6)), tssd.LIF()
        )
        self.head = tssd.TimeFold(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(24, CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stem(x))


class LoopInside(nn.Module):
    """[T, N, 1, 8, 8] -> [T, N, K]; calls its parts once a timestep."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.head = nn.Linear(6 * SIZE * SIZE, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        membrane, logits = 0.0, []
        for x_t in x:
            membrane = 0.5 * membrane + self.conv(x_t)
            logits.append(self.head(membrane.flatten(1)))
        return torch.stack(logits)


class BatchFirst(nn.Module):
    """[N, T, 1, 8, 8] -> [N, T, K]; its convolution sees [N*T, ...]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.decay = Decay(dim=1)
        self.head = nn.Linear(6 * SIZE * SIZE, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        return self.head(self.decay(y).flatten(2))


class Turning(nn.Module):
    """[N, T, 1, 8, 8] -> [N, T, K], with neurons that take [T, N, ...] inside.

    `early` sees [N*T, ...], and `conv` and `norm` [T*N, ...].
    """

    def __init__(self, spiking: nn.Module, *, mixed: nn.Module | None = None) -> None:
        super().__init__()
        self.early = nn.Conv2d(1, 1, 1)
        self.mixed = nn.Identity() if mixed is None else mixed
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.spiking = spiking
        self.head = nn.Linear(6 * SIZE * SIZE, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = self.mixed(self.early(x.flatten(0, 1))).unflatten(0, x.shape[:2]).transpose(0, 1)
        y = self.norm(self.conv(y.flatten(0, 1))).unflatten(0, y.shape[:2])
        return self.head(self.spiking(y).flatten(2)).transpose(0, 1)


class Decay(nn.Module):
    """A leaky sum over one axis."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        membrane, out = torch.zeros_like(x.select(self.dim, 0)), []
        for x_t in x.unbind(self.dim):
            membrane = 0.5 * membrane + x_t
            out.append(membrane)
        return torch.stack(out, self.dim)


class Remembering(nn.Module):
    """[N, 1, 8, 8] -> [N, K], with a membrane of its own making that it never clears."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(SIZE * SIZE, CLASSES)
        self.membrane: Tensor | None = None

    def forward(self, x_t: Tensor) -> Tensor:
        current = self.head(x_t.flatten(1))
        if self.membrane is not None:
            current = current + 0.5 * self.membrane
        self.membrane = current
        return current

    def clear(self) -> None:
        self.membrane = None
