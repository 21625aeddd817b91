"""The same network in every library, written as the library's users would write it."""

from collections.abc import Callable

import snntorch
import torch
from snntorch import surrogate as snntorch_surrogate
from torch import Tensor, nn

from benchmarks.jelly import SpikingJelly, stateless
from benchmarks.stepped import SteppedLIF
from benchmarks.workloads import Layer, Workload
from tssd import LIF, TimeFold, vgg9
from tssd.surrogates import Rectangular, Sigmoid


def _lif(workload: Workload) -> LIF:
    gradient = {"rectangular": Rectangular(), "sigmoid": Sigmoid(4)}[workload.surrogate]
    return LIF(surrogate=gradient)


class Ours(nn.Module):
    """tssd: `tssd.vgg9` itself, or TimeFold and LIF."""

    def __init__(self, workload: Workload, neuron: Callable[[], nn.Module] | None = None) -> None:
        super().__init__()
        make = neuron or (lambda: _lif(workload))
        if workload.width is not None:
            self.net = vgg9(image_size=workload.sample[-1], width=workload.width, neuron=make)
        else:
            self.net = nn.Sequential(
                *(
                    make() if entry[0] == "neuron" else TimeFold(stateless(*entry))
                    for entry in workload.layers
                )
            )

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]."""
        out = self.net(x)
        return out if isinstance(out, Tensor) else out.logits


def stepped(workload: Workload) -> nn.Module:
    """The same with LIF written as a step: what a neuron of one's own costs."""
    return Ours(workload, lambda: SteppedLIF(_lif(workload)))


def floor(workload: Workload) -> nn.Module:
    """The same with ReLU, which has no state: what convolutions, norms and pools cost anyway."""
    return Ours(workload, nn.ReLU)


def _rectangle(s: Tensor, grad: Tensor, spikes: Tensor) -> Tensor:
    return grad * (s.abs() < 0.5)


class SnnTorch(nn.Module):
    """snnTorch as documented: a time loop around the whole network, states handed on.

    Batch norm therefore sees the N samples of one timestep: our `per_step_batch_norm`.
    """

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        self.layers = nn.ModuleList(self._layer(workload, entry) for entry in workload.layers)

    @staticmethod
    def _layer(workload: Workload, entry: Layer) -> nn.Module:
        if entry[0] != "neuron":
            return stateless(*entry)
        gradient = {
            "rectangular": snntorch_surrogate.custom_surrogate(_rectangle),
            "sigmoid": snntorch_surrogate.sigmoid(4),
        }[workload.surrogate]
        # Its default, reset_delay=True, subtracts the threshold one step later and undecayed:
        # another neuron than the paper's.
        return snntorch.Leaky(beta=0.5, threshold=1.0, spike_grad=gradient, reset_delay=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]."""
        states = {m: m.reset_mem() for m in self.layers if isinstance(m, snntorch.Leaky)}
        logits = []
        for h in x:
            for module in self.layers:
                if module in states:
                    h, states[module] = module(h, states[module])
                else:
                    h = module(h)
            logits.append(h)
        return torch.stack(logits)


class SnnTorchFolded(SnnTorch):
    """snnTorch layer by layer: the time loop is around each neuron, the rest sees all T at once.

    Not its documented way, but its users can write it. Batch norm sees T*N samples, as ours does.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]."""
        sizes = x.shape[:2]
        h = x.flatten(0, 1)
        for module in self.layers:
            if isinstance(module, snntorch.Leaky):
                v, spikes = module.reset_mem(), []
                for h_t in h.unflatten(0, sizes):
                    spikes_t, v = module(h_t, v)
                    spikes.append(spikes_t)
                h = torch.cat(spikes)
            else:
                h = module(h)
        return h.unflatten(0, sizes)


# In the order in which a round runs them.
PEERS: dict[str, Callable[[Workload], nn.Module]] = {
    "tssd": Ours,
    "tssd, a step": stepped,
    "SpikingJelly": SpikingJelly,
    "snnTorch": SnnTorch,
    "snnTorch folded": SnnTorchFolded,
    "ReLU": floor,
}


def build(peer: str, workload: Workload, *, device: str = "cpu") -> nn.Module:
    """A peer's network in training mode; the weights are the same whoever builds it."""
    # snnTorch lists every neuron ever made on a class and so keeps it alive; drop those of others.
    snntorch.SpikingNeuron.init()
    net = PEERS[peer](workload)
    generator = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):  # norms start alike in every library
            weight = module.weight.data
            weight.normal_(0, (2 / weight[0].numel()) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.data.zero_()
    return net.to(device)
