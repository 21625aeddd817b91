"""LSG: a window whose width follows the decay that its neuron trains."""

import torch
from torch import Tensor

from tssd.surrogates.base import Surrogate


class LSG(Surrogate):
    """Learnable surrogate gradient: (1/a) 1[|s| < a/2], a = 2 V sqrt(1 + b^2).

    b is the share of its membrane that the neuron keeps in a timestep, and V its threshold. tdBN
    gives currents a standard deviation of V, so that a is about two of the membrane's. b is trained
    by what the membrane does; a only follows it, and passes no gradient.

    Only a neuron that trains its decay takes it: `tssd.neurons.PLIF`.

    Source: Lian et al. 2023, IJCAI, "Learnable Surrogate Gradient for Direct Training Spiking
        Neural Networks"; the same width in https://github.com/jqjiang1999/MPD-AGL.
    """

    follows_decay = True
    # What its width is derived from; recipes without it are refused.
    needs_norm = "tssd.norms.TdBN"

    def following(self, decay: Tensor, threshold: float) -> Surrogate:
        """See `Surrogate.following`."""
        return _Window(2 * threshold * (1 + decay.detach().square()).sqrt())


class _Window(Surrogate):
    """A rectangle whose width is a tensor, so that no accelerator is waited for."""

    def __init__(self, width: Tensor) -> None:
        self.width = width

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        return (s.abs() < self.width / 2).to(s.dtype) / self.width.to(s.dtype)

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        return (s / self.width.to(s.dtype) + 0.5).clamp(0, 1)

    def kept_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """One byte, whatever the membrane's type."""
        return torch.bool

    def compress(self, s: Tensor, out: Tensor) -> None:
        """Whether s is inside the window."""
        out.copy_(s.abs_() < self.width / 2)

    def scale(self, grad: Tensor, kept: Tensor) -> Tensor:
        """1/a inside the window."""
        return grad.mul_(kept).div_(self.width)
