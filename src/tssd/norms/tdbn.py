"""tdBN: batch norm whose currents vary by the threshold of the neuron that they reach."""

import math

import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from tssd.errors import UsageError
from tssd.time import fold


class TdBN(nn.Module):
    """Threshold-dependent batch norm, statistics over T, N, H and W together.

        y = weight alpha V (x - mean) / sqrt(var + eps) + bias,   alpha = 1 / sqrt(summands)

    V is the threshold of the neuron behind it, and summands are the currents that are added up in
    front of that neuron: 1 in a plain layer, 2 where the branches of a residual block meet. So what
    reaches the neuron has a standard deviation of V when training begins.

    Args:
        channels: C.
        v_threshold: V > 0; None = that of the neuron which `feeds` tells, 1 as long as none is.
    Shapes: [T, N, C, H, W] -> alike.
    Raises: UsageError: v_threshold <= 0.
    Source: Zheng et al. 2021, arXiv 2011.05280.
    """

    def __init__(self, channels: int, *, v_threshold: float | None = None) -> None:
        super().__init__()
        if v_threshold is not None and not (v_threshold > 0 and math.isfinite(v_threshold)):
            raise UsageError(
                f"v_threshold: got {v_threshold}, expected a finite potential > 0, or null for "
                "that of the neuron behind the norm"
            )
        self.norm = nn.BatchNorm2d(channels)
        self.v_threshold = v_threshold
        self.scale = 1.0 if v_threshold is None else v_threshold

    def feeds(self, neuron: nn.Module, summands: int) -> None:
        """Told the neuron behind it, and how many currents are added up in front of that."""
        v = _threshold(neuron) if self.v_threshold is None else self.v_threshold
        self.scale = v / math.sqrt(summands)

    def forward(self, x: Tensor) -> Tensor:
        """Norm of x [T, N, C, H, W]."""
        return fold(self.norm if self.scale == 1 else self._scaled, x)

    def _scaled(self, x: Tensor) -> Tensor:
        norm, weight = self.norm, self.norm.weight * self.scale
        if norm.training:  # its statistics are its own matter, on several devices another class's
            return functional_call(norm, {"weight": weight}, (x,))
        # A call with other weights puts them into the module, where other threads would find them.
        return F.batch_norm(x, norm.running_mean, norm.running_var, weight, norm.bias, eps=norm.eps)

    def extra_repr(self) -> str:
        """Show alpha V in print(net)."""
        return f"scale={self.scale:g}"


def _threshold(neuron: nn.Module) -> float:
    """The lowest potential at which a neuron, or one that it is made of, fires; 1 if none says."""
    found: list[float] = []
    for part in neuron.modules():
        for name in ("v_threshold", "threshold"):  # ours and SpikingJelly's, and snnTorch's
            value = getattr(part, name, None)
            if isinstance(value, Tensor):
                # On the meta device a network has shapes alone.
                found += [] if value.is_meta else [float(value.min())]
            elif isinstance(value, int | float):
                found.append(float(value))
    return min(found, default=1.0)
