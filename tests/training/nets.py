"""What recipes of these tests name by import path: a small net, terms that tell, sequences."""

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from tssd import LIF, StagedNet, TimeFold, repeat_in_time
from tssd.data import Digits
from tssd.models import MakeNeuron, NetOutput
from tssd.models.blocks import conv_norm_neuron
from tssd.norms import pooled_batch_norm
from tssd.objectives import Objective


def two_stages(
    in_channels: int,
    num_classes: int,
    image_size: int,
    *,
    dropout: float = 0.0,
    channels: int = 8,
    neuron: MakeNeuron = LIF,
) -> StagedNet:
    """Two convolutions with stride 2 and a linear layer."""
    size = image_size // 2
    first = nn.Sequential(
        TimeFold(nn.Conv2d(in_channels, channels, 3, 2, padding=1, bias=False)),
        pooled_batch_norm(channels),
        neuron(),
    )
    second = nn.Sequential(
        TimeFold(nn.Dropout(dropout), nn.Conv2d(channels, channels, 3, 2, padding=1, bias=False)),
        pooled_batch_norm(channels),
        neuron(),
    )
    shapes = [(channels, size, size), (channels, size // 2, size // 2)]
    head = TimeFold(nn.Flatten(), nn.Linear(channels * (size // 2) ** 2, num_classes))
    return StagedNet([first, second], head, shapes=shapes, num_classes=num_classes)


class _Frozen(nn.BatchNorm2d):
    def forward(self, input: Tensor) -> Tensor:
        return batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )


def frozen_norm(channels: int) -> nn.Module:
    """Batch norm that never takes a batch's statistics: samples do not depend on each other."""
    norm = _Frozen(channels)
    norm.running_mean = torch.linspace(-0.1, 0.1, channels)
    norm.running_var = torch.linspace(0.02, 0.05, channels)
    return TimeFold(norm)


def frozen_norms(in_channels: int, num_classes: int, image_size: int) -> StagedNet:
    """Two convolutions with stride 2 and a linear layer, norms and those of exits frozen."""
    stages = [conv_norm_neuron(c_in, 8, LIF, frozen_norm, 2) for c_in in (in_channels, 8)]
    sizes = (image_size // 2, image_size // 4)
    head = TimeFold(nn.Flatten(), nn.Linear(8 * sizes[1] ** 2, num_classes))
    shapes = [(8, size, size) for size in sizes]
    return StagedNet(
        stages, head, shapes=shapes, num_classes=num_classes, neuron=LIF, norm=frozen_norm
    )


class MeanTarget(Objective):
    """The batch's mean class; notes the batches' sizes and the epochs it is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, float]] = []
        self.epochs: list[float] = []

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float]:
        self.epochs.append(epoch)
        super().set_progress(epoch, epochs)
        return {"done": epoch / epochs}

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        value = target.float().mean()
        self.seen.append((len(target), value.item()))
        return value + 0 * out.logits.sum()


class Learned(Objective):
    """A term with a parameter, which learns more slowly than the rest and does not decay."""

    def __init__(self, factor: float = 0.1) -> None:
        super().__init__()
        self.factor = factor
        self.level = nn.Parameter(torch.zeros(()))

    def parameter_options(self) -> dict[str, dict[str, float]]:
        return {"level": {"lr_factor": self.factor, "weight_decay": 0.0}}

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float]:
        super().set_progress(epoch, epochs)
        self.aim = 1 - epoch / epochs
        return {"aim": self.aim}

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        return (out.logits.mean() - self.level - self.aim).square()


class TurnsNan(Objective):
    """A term that is 0 for some steps and NaN from then on."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        self.left -= 1
        return out.logits.mean() * (0.0 if self.left >= 0 else torch.nan)


class DigitSequences(Digits):
    """Batches [T, N, C, H, W], T = 4, as recordings of events have them."""

    def train_dataloader(self):
        return self._in_time(super().train_dataloader())

    def val_dataloader(self):
        return self._in_time(super().val_dataloader())

    def _in_time(self, loader):
        loader.collate_fn = lambda batch: (repeat_in_time(batch[0], 4).clone(), batch[1])
        return loader


class Ann(nn.Sequential):
    """A plain network of images of 8x8 pixels."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(nn.Flatten(), nn.Linear(64, num_classes))
