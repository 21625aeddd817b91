"""Networks whose every spike can be counted with a pencil, and tiny ones that fire throughout."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from tssd.models import NetOutput
from tssd.neurons import IF
from tssd.time import TimeFold

K = 2


class PencilNet(nn.Module):
    """Conv 1 -> 2 on 4x4 pixels, integrate-and-fire, linear 32 -> 2.

    Channel 0 passes its pixel on, channel 1 half of it; class k is the sum of channel k. A pixel
    of 1.25 makes channel 0 fire at every step, and channel 1 at t = 2, 4.
    """

    num_classes = K

    def __init__(self, fold: Callable[..., nn.Module] = TimeFold) -> None:
        super().__init__()
        conv, linear = pencil_layers()
        self.conv = fold(conv)
        self.neuron = IF()
        self.head = fold(nn.Flatten(), linear)

    def resolve_tap(self, tap):
        return tap

    def tap_shape(self, tap):
        return (2, 4, 4)

    def forward(self, x: Tensor, taps=()) -> NetOutput:
        spikes = self.neuron(self.conv(x))
        return NetOutput(self.head(spikes), dict.fromkeys(taps, spikes))


def pencil_layers() -> tuple[nn.Conv2d, nn.Linear]:
    conv, linear = nn.Conv2d(1, 2, 3, padding=1, bias=False), nn.Linear(32, K, bias=False)
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[:, 0, 1, 1] = torch.tensor([1.0, 0.5])
        linear.weight.zero_()
        linear.weight[0, :16] = 1
        linear.weight[1, 16:] = 1
    return conv, linear


def pencil_images(samples: int) -> Tensor:
    """The same image [N, 1, 4, 4] with three pixels of 1.25, one of them in a corner."""
    x = torch.zeros(samples, 1, 4, 4)
    x[:, 0, 0, 0] = x[:, 0, 1, 2] = x[:, 0, 3, 1] = 1.25
    return x


def pencil_batches(samples, batch):
    """Class 1 is the truth of every other image; the network always answers class 0."""
    x, y = pencil_images(samples), torch.arange(samples) % 2
    return DataLoader(TensorDataset(x, y), batch)


def scale_batch_norms(module):
    """The next batch in training mode settles the running statistics; weights that make spikes."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
            nn.init.uniform_(part.weight, 1, 2)


def firing_net(build, **options):
    """A tiny double-precision net whose batch norms know their statistics, so that it fires."""
    torch.manual_seed(0)
    net = build(num_classes=5, image_size=16, width=1 / 16, **options).double()
    scale_batch_norms(net)
    net(torch.randn(4, 8, 3, 16, 16, dtype=torch.double))
    return net.eval()


def labelled_images(samples: int = 6, batch: int = 3) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(samples, 3, 16, 16, generator=generator, dtype=torch.double)
    y = torch.randint(0, 5, (samples,), generator=generator)
    return list(zip(x.split(batch), y.split(batch), strict=True))
