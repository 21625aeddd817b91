"""Surrogates that never change: frozen values, so that one object can serve many neurons."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tssd.errors import UsageError
from tssd.surrogates.base import Surrogate


def check_positive(name: str, value: float) -> None:
    """Refuse a width or a slope that is none. Raises: UsageError: it is no finite number > 0."""
    # An infinite width or slope has no gradient anywhere.
    if not (value > 0 and math.isfinite(value)):
        raise UsageError(f"{name}: got {value}, expected a finite number > 0")


@dataclass(frozen=True)
class Rectangular(Surrogate):
    """(1/a) 1[|s| < a/2]: the paper's. Keeps one byte per element for the backward pass.

    Args:
        width: a > 0, in units of the membrane potential.
    Source: TSSD, arXiv 2406.07862, eq. 4; Wu et al. 2018, arXiv 1706.02609.
    """

    width: float = 1.0

    def __post_init__(self) -> None:
        check_positive("width", self.width)

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        return (s.abs() < self.width / 2).to(s.dtype) / self.width

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        return (s / self.width + 0.5).clamp(0, 1)

    def kept_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """One byte, whatever the membrane's type."""
        return torch.bool

    def compress(self, s: Tensor, out: Tensor) -> None:
        """Whether s is inside the window."""
        out.copy_(s.abs_().lt_(self.width / 2))  # several times faster than comparing into bytes

    def scale(self, grad: Tensor, kept: Tensor) -> Tensor:
        """1/a inside the window."""
        grad.mul_(kept.view(torch.uint8).to(grad.dtype))  # and bytes faster than truth values
        return grad if self.width == 1 else grad.mul_(1 / self.width)


@dataclass(frozen=True)
class Triangular(Surrogate):
    """max(0, g - |s|) / g^2.

    Args:
        width: g > 0, half of the base, in units of the membrane potential.
    Source: Bellec et al. 2018, arXiv 1803.09574; TET, arXiv 2202.11946, uses g = 1.
    """

    width: float = 1.0

    def __post_init__(self) -> None:
        check_positive("width", self.width)

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        return (self.width - s.abs()).clamp(min=0) / self.width**2

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        u = (s / self.width).clamp(-1, 1)
        return 0.5 + u - u * u.abs() / 2


@dataclass(frozen=True)
class Sigmoid(Surrogate):
    """k q (1 - q), q = sigmoid(k s).

    Args:
        slope: k > 0, per unit of membrane potential.
    Source: SpikingJelly's default (k = 4), arXiv 2310.16620.
    """

    slope: float = 4.0

    def __post_init__(self) -> None:
        check_positive("slope", self.slope)

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        q = torch.sigmoid(self.slope * s)
        return self.slope * q * (1 - q)

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        return torch.sigmoid(self.slope * s)


@dataclass(frozen=True)
class ATan(Surrogate):
    """(k/2) / (1 + (pi k s / 2)^2).

    Args:
        slope: k > 0, per unit of membrane potential.
    Source: PLIF, arXiv 2007.05785 (k = 2).
    """

    slope: float = 2.0

    def __post_init__(self) -> None:
        check_positive("slope", self.slope)

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        return self.slope / 2 / (1 + (math.pi / 2 * self.slope * s) ** 2)

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        return torch.atan(math.pi / 2 * self.slope * s) / math.pi + 0.5


@dataclass(frozen=True)
class ClampedTanh(Surrogate):
    """k (1 - tanh^2(k s)) / (2 tanh(k a / 2)) 1[|s| <= a/2]: a tanh cut where it is to be 0 and 1.

    Dspike's function. With a small slope it is a rectangle, with a large one a peak.

    Args:
        slope: k > 0, per unit of membrane potential; Dspike's temperature.
        width: a > 0, in units of the membrane potential.
    Source: Li et al. 2021, NeurIPS, "Differentiable Spike" (k = 3 to begin with, a = 1);
        https://github.com/yfguo91/MPBN has it with k = 3, a = 1.
    """

    slope: float = 3.0
    width: float = 1.0

    def __post_init__(self) -> None:
        check_positive("slope", self.slope)
        check_positive("width", self.width)

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        inside = (s.abs() <= self.width / 2).to(s.dtype)
        height = self.slope / (2 * math.tanh(self.slope * self.width / 2))
        return height * inside * (1 - torch.tanh(self.slope * s).square())

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        half = self.width / 2
        risen = torch.tanh(self.slope * s.clamp(-half, half)) / math.tanh(self.slope * half)
        return (risen + 1) / 2
