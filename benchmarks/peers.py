"""The same network in every library, written as the library's users would write it."""

from collections.abc import Callable

import snntorch
import torch
from snntorch import surrogate as snntorch_surrogate
from spikingjelly.activation_based import functional, layer, surrogate
from spikingjelly.activation_based.neuron import LIFNode
from torch import Tensor, nn

from benchmarks.workloads import Layer, Workload
from tssd import LIF, TimeFold
from tssd.models import vgg9


def _stateless(kind: str, *sizes: int) -> nn.Module:
    """A layer of plain PyTorch."""
    match kind:
        case "conv":
            return nn.Conv2d(*sizes, 3, padding=1, bias=False)
        case "linear":
            return nn.Linear(*sizes)
        case "norm":
            return nn.BatchNorm2d(*sizes)
        case "pool":
            return nn.AvgPool2d(2)
        case _:
            return nn.Flatten()


class Ours(nn.Module):
    """tssd, or its floor: the same with ReLU, which has no state, in place of the neurons."""

    def __init__(self, workload: Workload, neuron: Callable[[], nn.Module] = LIF) -> None:
        super().__init__()
        if workload.width is not None:
            self.net = vgg9(image_size=workload.sample[-1], width=workload.width, neuron=neuron)
        else:
            self.net = nn.Sequential(
                *(
                    neuron() if entry[0] == "neuron" else TimeFold(_stateless(*entry))
                    for entry in workload.layers
                )
            )

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]."""
        out = self.net(x)
        return out if isinstance(out, Tensor) else out.logits


class SpikingJelly(nn.Module):
    """SpikingJelly in multi-step mode, with its own layers."""

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        self.net = nn.Sequential(*(self._layer(*entry) for entry in workload.layers))
        functional.set_step_mode(self.net, "m")

    @staticmethod
    def _layer(kind: str, *sizes: int) -> nn.Module:
        match kind:
            case "conv":
                return layer.Conv2d(*sizes, 3, padding=1, bias=False)
            case "linear":
                return layer.Linear(*sizes)
            case "norm":
                return layer.BatchNorm2d(*sizes)
            case "pool":
                return layer.AvgPool2d(2)
            case "flatten":
                return layer.Flatten()
            case _:
                return LIFNode(
                    tau=2.0,
                    decay_input=False,
                    v_threshold=1.0,
                    v_reset=None,
                    surrogate_function=surrogate.Rect(),
                    detach_reset=False,
                )

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]; the neurons' states are reset before."""
        functional.reset_net(self.net)
        return self.net(x)


def _rectangle(s: Tensor, grad: Tensor, spikes: Tensor) -> Tensor:
    return grad * (s.abs() < 0.5)


def _snntorch_layer(entry: Layer) -> nn.Module:
    if entry[0] != "neuron":
        return _stateless(*entry)
    gradient = snntorch_surrogate.custom_surrogate(_rectangle)
    return snntorch.Leaky(beta=0.5, threshold=1.0, spike_grad=gradient, reset_delay=False)


class SnnTorch(nn.Module):
    """snnTorch as documented: a time loop around the whole network, states handed on.

    Batch norm therefore sees one timestep's N samples at a time: our `per_step_batch_norm`.
    """

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_snntorch_layer(entry) for entry in workload.layers)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]."""
        neurons = [m for m in self.layers if isinstance(m, snntorch.Leaky)]
        states = {neuron: neuron.reset_mem() for neuron in neurons}
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
    """snnTorch layer by layer: stateless layers once for all timesteps, loops over neurons only.

    Its documentation does not teach this, but its users can write it, and batch norm then sees
    T*N samples as ours does.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]."""
        steps, batch = x.shape[:2]
        h = x.flatten(0, 1)
        for module in self.layers:
            if isinstance(module, snntorch.Leaky):
                v, spikes = module.reset_mem(), []
                for h_t in h.unflatten(0, (steps, batch)):
                    spikes_t, v = module(h_t, v)
                    spikes.append(spikes_t)
                h = torch.cat(spikes)
            else:
                h = module(h)
        return h.unflatten(0, (steps, batch))


def floor(workload: Workload) -> nn.Module:
    """The same network with ReLU: what convolutions, norms and pools cost anyway."""
    return Ours(workload, nn.ReLU)


# In the order in which a round runs them.
PEERS: dict[str, Callable[[Workload], nn.Module]] = {
    "tssd": Ours,
    "SpikingJelly": SpikingJelly,
    "snnTorch": SnnTorch,
    "snnTorch folded": SnnTorchFolded,
    "ReLU": floor,
}


def build(name: str, workload: Workload, *, device: str = "cpu") -> nn.Module:
    """A peer's network in training mode, with the same weights whoever builds it."""
    # snnTorch keeps every neuron ever made in a list on the class; forget those of other runs.
    snntorch.SpikingNeuron.init()
    net = PEERS[name](workload)
    generator = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):  # norms start alike in every library
            weight = module.weight.data
            weight.normal_(0, (2 / weight[0].numel()) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.data.zero_()
    return net.to(device)
