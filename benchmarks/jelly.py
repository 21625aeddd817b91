"""The same network in SpikingJelly, written as its users would write it."""

from spikingjelly.activation_based import functional, layer
from spikingjelly.activation_based import surrogate as jelly_surrogate
from spikingjelly.activation_based.neuron import LIFNode
from torch import Tensor, nn

from benchmarks.workloads import Workload


def stateless(kind: str, *sizes: int) -> nn.Module:
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


class SpikingJelly(nn.Module):
    """SpikingJelly in multi-step mode, with its own layers."""

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        self.net = nn.Sequential(*(self._layer(workload, *entry) for entry in workload.layers))
        functional.set_step_mode(self.net, "m")

    @staticmethod
    def _layer(workload: Workload, kind: str, *sizes: int) -> nn.Module:
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
        rectangular = workload.surrogate == "rectangular"
        return LIFNode(
            tau=2.0,
            decay_input=False,
            v_threshold=1.0,
            v_reset=None,
            surrogate_function=jelly_surrogate.Rect() if rectangular else jelly_surrogate.Sigmoid(),
            detach_reset=False,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, ...]; the neurons' states are reset before."""
        functional.reset_net(self.net)
        return self.net(x)
