"""What helps a short training: the table of docs/recipes.md (fast and mid), one line a command.

    python experiments/short_trainings.py                                   # its first line
    python experiments/short_trainings.py --optimizer muon
    python experiments/short_trainings.py --shortcut currents
    python experiments/short_trainings.py --shortcut currents --optimizer muon
    python experiments/short_trainings.py --shortcut currents --optimizer muon --width 1

The lines below the table, from the third (S = --shortcut currents):

    --shortcut spikes, --shortcut pooled, S --lr 0.1, S --surrogate-width 1,
    S --surrogate triangular --surrogate-width 1

and from the fourth (M = S --optimizer muon):

    M --lr 0.01, M --lr 0.05, M --threshold 0.25, M --surrogate-width 3, M --batch-size 250,
    M --head flat, M --head relu, M --epochs 9

and from the sixth, neurons of several levels (the part mlf2 has those of the first):

    M --threshold 0.5 1.5, M --threshold 0.5 1.5 --surrogate-width 1,
    M --threshold 0.4 1 1.6 --surrogate-width 1

Each trains one network at T = 1 and prints accuracy, loss, seconds and its options. A line takes
about four minutes of one core (AVX-512 with bf16; --width 1 ten, --epochs 9 twelve), most of it in
the 1,080 steps; needs TSSD_DATA with cifar10_jpeg, and timm for Muon. The table was measured with
OMP_NUM_THREADS=1 and with memory kept between steps by mallopt, as here (`keep_memory`), which
changes the times alone. Another processor or torch rounds otherwise, and ends within the error.

Trained are 45,000 of the training images, measured 4,500 others of them: test images choose
nothing. All is bfloat16 under autocast. Shifts by 2 pixels with a mirrored border, alternating
flips, Nesterov momentum 0.9, decay 5e-4 of all weights but norms and biases, one cycle of the rate.
The network is a first layer and three stages of two, half as wide as its channels say: convolution,
pool where a stage halves the side, norm, neuron. So it is the recipe's, but for one shortcut more,
since the first stage's first layer keeps its shape, too.
"""

import argparse
import ctypes
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tssd import LIF
from tssd.config import build_data, load_recipe
from tssd.models.pool import MaxPool2x2
from tssd.neurons import MLF
from tssd.norms import pooled_batch_norm
from tssd.surrogates import Rectangular, Triangular
from tssd.time import TimeFold, repeat_in_time
from tssd.training.muon import Muon

CHANNELS = (64, 64, 128, 256)
IMAGES, MEASURED = 45_000, 4_500
SHIFT = 2
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)
SURROGATES = {"rectangular": Rectangular, "triangular": Triangular}
RATES = {"sgd": 0.2, "muon": 0.02}
# Share of the steps in which the rate rises, and the factor on it that it rises from.
RISE, FROM = 0.25, 1 / 25


class Layer(nn.Module):
    """Spikes to normed currents. Shapes: [T, N, c_in, H, W] -> [T, N, c_out, H', W']."""

    def __init__(self, c_in: int, c_out: int, *, pool: bool) -> None:
        super().__init__()
        conv = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
        self.fold = TimeFold(conv, *([MaxPool2x2()] if pool else []))
        self.norm = pooled_batch_norm(c_out)

    def forward(self, x: Tensor) -> Tensor:
        """Currents of a sequence."""
        return self.norm(self.fold(x))


class Net(nn.Module):
    """Seven layers with shortcuts of a kind, and one linear layer on what comes out.

    Args:
        width: factor on the channels.
        shortcut: none; currents or spikes of the layer before it, where a layer keeps the shape;
            pooled: currents always, averaged and repeated to the new shape.
        head: what is classified: mean of the last spikes over the map, all of them (flat), or mean
            of the last currents behind a ReLU.
        neuron: builds one spiking layer.
    Shapes: [T, N, 3, 32, 32] -> logits [T, N, 10].
    """

    def __init__(
        self, width: float, shortcut: str, head: str, neuron: Callable[[], nn.Module]
    ) -> None:
        super().__init__()
        self.shortcut, self.head = shortcut, head
        first, *stages = (max(1, round(channels * width)) for channels in CHANNELS)
        shapes = [(3, first, True)]
        for n, channels in enumerate(stages):
            shapes += [(shapes[-1][1], channels, n > 0), (channels, channels, False)]
        self.layers = nn.ModuleList(Layer(i, o, pool=pool) for i, o, pool in shapes)
        self.neurons = nn.ModuleList(neuron() for _ in shapes)
        self.keeps = [i == o and not pool for i, o, pool in shapes]
        self.last = nn.Linear(stages[-1] * (16 if head == "flat" else 1), 10)

    def forward(self, spikes: Tensor) -> Tensor:
        """Logits of a sequence."""
        before = None
        for layer, neuron, keeps in zip(self.layers, self.neurons, self.keeps, strict=True):
            currents = layer(spikes)
            if before is not None and self.shortcut == "pooled":
                currents = currents + (before if keeps else _halved(before, currents.shape[2]))
            elif keeps and self.shortcut == "currents":
                currents = currents + before
            fired = neuron(currents)
            spikes = fired + spikes if keeps and self.shortcut == "spikes" else fired
            before = currents
        if self.head == "flat":
            return self.last(spikes.flatten(2))
        return self.last((currents.relu() if self.head == "relu" else spikes).mean((-1, -2)))


def _halved(x: Tensor, channels: int) -> Tensor:
    """Currents [T, N, c, H, W] as [T, N, channels, H/2, W/2]."""
    pooled = F.avg_pool2d(x.flatten(0, 1), 2)
    repeated = torch.cat([pooled] * -(-channels // x.shape[2]), 1)
    return repeated[:, :channels].unflatten(0, x.shape[:2])


def optimizer_of(net: nn.Module, name: str, lr: float) -> torch.optim.Optimizer:
    """SGD or Muon, which decays weights but neither norms nor biases."""
    groups = [
        {"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": 5e-4},
        {"params": [p for p in net.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    make = Muon if name == "muon" else torch.optim.SGD
    return make(groups, lr=lr, momentum=0.9, nesterov=True)


def cycle(step: int, steps: int) -> float:
    """The factor on the rate: up to 1 in a quarter of the steps, then down to 0."""
    rise = RISE * steps
    if step < rise:
        return FROM + (1 - FROM) * step / rise
    return 1 - (step - rise) / (steps - rise)


def normed(images: Tensor) -> Tensor:
    """uint8 or float [N, 3, H, W], 0 to 255, as the network takes them."""
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return (images.float() / 255 - mean) / std


def shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each of [N, 3, H, W] moved by up to `SHIFT` pixels, the border mirrored."""
    count, _, height, width = images.shape
    padded = F.pad(images.float(), (SHIFT,) * 4, mode="reflect")
    top, left = torch.randint(0, 2 * SHIFT + 1, (2, count), generator=generator)
    rows, columns = top[:, None] + torch.arange(height), left[:, None] + torch.arange(width)
    each = torch.arange(count)[:, None, None]
    return padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def batches(
    x: Tensor, y: Tensor, numbers: Tensor, *, size: int, epochs: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Training batches of all epochs, full ones alone: normed x [N, 3, H, W], y [N]."""
    generator = torch.Generator().manual_seed(seed)
    mirrored = torch.rand(len(x), generator=generator) < 0.5
    for epoch in range(epochs):
        order = numbers[torch.randperm(len(numbers), generator=generator)]
        for index in order.split(size)[: len(numbers) // size]:
            images = shifted(x[index], generator)
            flip = mirrored[index] ^ (epoch % 2 == 1)
            images[flip] = images[flip].flip(-1)
            yield normed(images), y[index]


def keep_memory() -> None:
    """Let glibc keep freed memory instead of handing it back between steps; speed alone."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


def train(net: nn.Module, x: Tensor, y: Tensor, args: argparse.Namespace) -> list[float]:
    """Train a network in place; the loss of each step."""
    numbers = _numbers(len(x))[: args.images]
    optimizer = optimizer_of(net, args.optimizer, args.lr or RATES[args.optimizer])
    rate, steps = optimizer.param_groups[0]["lr"], args.epochs * (len(numbers) // args.batch_size)
    drawn = batches(x, y, numbers, size=args.batch_size, epochs=args.epochs, seed=args.seed)
    losses = []
    net.train()
    for step, (images, classes) in enumerate(drawn):
        for group in optimizer.param_groups:
            group["lr"] = rate * cycle(step, steps)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(repeat_in_time(images, 1)).float()
        loss = F.cross_entropy(logits.mean(0), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def accuracy(net: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of the measured images that are right."""
    right, numbers = 0, _numbers(len(x))[IMAGES:][:MEASURED]
    net.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for index in numbers.split(500):
            logits = net(repeat_in_time(normed(x[index]), 1)).float().mean(0)
            right += int((logits.argmax(1) == y[index]).sum())
    return right / len(numbers)


def _numbers(count: int) -> Tensor:
    """The training images in an order of chance, always the same."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(1))


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    """The options of a line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shortcut", choices=("none", "currents", "spikes", "pooled"))
    parser.add_argument("--optimizer", choices=tuple(RATES))
    parser.add_argument("--lr", type=float, help="0.2 of SGD, 0.02 of Muon")
    parser.add_argument("--width", type=float, help="factor on 64, 64, 128, 256 channels")
    parser.add_argument("--threshold", type=float, nargs="+", help="at which neurons fire")
    parser.add_argument("--surrogate", choices=tuple(SURROGATES))
    parser.add_argument("--surrogate-width", type=float)
    parser.add_argument("--head", choices=("mean", "flat", "relu"), help="what is classified")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--images", type=int, help=f"to train on, up to {IMAGES}")
    parser.add_argument("--seed", type=int)
    parser.set_defaults(
        shortcut="none", optimizer="sgd", width=0.5, threshold=[0.5], surrogate="rectangular",
        surrogate_width=2.0, head="mean", batch_size=125, epochs=3, images=IMAGES, seed=0,
    )  # fmt: skip
    return parser.parse_args(words)


def made(args: argparse.Namespace) -> Net:
    """The network of a line."""
    torch.manual_seed(args.seed)

    def neuron() -> nn.Module:
        surrogate = SURROGATES[args.surrogate](args.surrogate_width)
        if len(args.threshold) == 1:
            return LIF(v_threshold=args.threshold[0], surrogate=surrogate)
        options = {"tau": 2.0, "v_reset": None, "strict": False}
        return MLF(args.threshold, **options, surrogate=surrogate)

    return Net(args.width, args.shortcut, args.head, neuron)


def main() -> None:
    """Train one network and print its line."""
    args = parsed()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    keep_memory()
    data = build_data(load_recipe("cifar10_jpeg+fast"))
    x, (part, chosen) = data.samples("train"), data.part("train")
    y = torch.from_numpy(part.labels[chosen])
    net = made(args)
    began = time.perf_counter()
    losses = train(net, x, y, args)
    seconds = time.perf_counter() - began
    print(
        f"{100 * accuracy(net, x, y):.1f} % | loss {sum(losses[-100:]) / len(losses[-100:]):.3f} | "
        f"{seconds:.0f} s | " + ", ".join(f"{name} {value}" for name, value in vars(args).items())
    )


if __name__ == "__main__":
    main()
