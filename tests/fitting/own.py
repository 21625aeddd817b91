"""What users bring: a network, Datasets, without anything of a run."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import Dataset, TensorDataset

import tssd

GREY, LABELS = load_digits(return_X_y=True)


def digits(start: int, stop: int) -> TensorDataset:
    """Some of scikit-learn's digits, images [1, 8, 8] in [0, 1]."""
    x = torch.tensor(GREY[start:stop] / 16, dtype=torch.float32).view(-1, 1, 8, 8)
    return TensorDataset(x, torch.tensor(LABELS[start:stop]))


class Noisy(Dataset):
    """Digits with noise of torch, NumPy and the labels as Python's whole numbers."""

    def __init__(self, start: int, stop: int) -> None:
        self.inside = digits(start, stop)

    def __len__(self) -> int:
        return len(self.inside)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        x, y = self.inside[index]
        return x + 0.1 * torch.rand(x.shape) + 0.1 * float(np.random.rand()), int(y)


class Mlp(nn.Module):
    """A plain network that needs no arguments."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.fold = tssd.TimeFold(nn.Flatten(), nn.Linear(64, width))
        self.spikes = tssd.LIF()
        self.head = tssd.TimeFold(nn.Linear(width, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.spikes(self.fold(x)))


def plain_mlp(width: int = 16) -> nn.Sequential:
    """A network that only this call can make."""
    return nn.Sequential(
        tssd.TimeFold(nn.Flatten(), nn.Linear(64, width)),
        tssd.LIF(),
        tssd.TimeFold(nn.Linear(width, 10)),
    )
