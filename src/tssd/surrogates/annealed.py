"""Surrogates that change over the training, and at each moment of it are a fixed one."""

import torch
from torch import Tensor, nn

from tssd.surrogates.base import Surrogate
from tssd.surrogates.fixed import Rectangular, Sigmoid, check_positive

_ALIKE = Rectangular()


class Annealed(nn.Module, Surrogate):
    """A surrogate that stands for another one at each moment, as its `set_progress` has it.

    Args:
        first: what it is before training is told where it is.
    """

    def __init__(self, first: Surrogate) -> None:
        super().__init__()
        self.now = first

    def current(self) -> Surrogate:
        """Itself: kernels are compiled for one width, which changes at every step here.

        Without gradients all surrogates spike alike.
        """
        return self if torch.is_grad_enabled() else _ALIKE

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        return self.now.derivative(s)

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        return self.now.primitive(s)

    def kept_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """See `Surrogate.kept_dtype`."""
        return self.now.kept_dtype(dtype)

    def compress(self, s: Tensor, out: Tensor) -> None:
        """See `Surrogate.compress`."""
        self.now.compress(s, out)

    def scale(self, grad: Tensor, kept: Tensor) -> Tensor:
        """See `Surrogate.scale`."""
        return self.now.scale(grad, kept)

    def extra_repr(self) -> str:
        """Show in print(net) what it is."""
        return f"now={self.now}"


class ESG(Annealed):
    """Evolutionary surrogate gradient: the derivative of (tanh(K s) + 1) / 2, which steepens.

        K = ((10^e - 1) K_max + (10 - 10^e) K_min) / 9,   e = epoch / epochs

    K goes from K_min to K_max, slowly at first. (tanh(K s) + 1) / 2 is the sigmoid of 2 K s.

    Args:
        k_min: K > 0 at the beginning, per unit of membrane potential.
        k_max: K > 0 at the end.
    Raises: UsageError: K_min or K_max is no finite number > 0.
    Source: IM-Loss: Guo et al. 2022, NeurIPS, section 4.2. Differs: e grows at every step, there
        with every epoch.
    """

    def __init__(self, k_min: float = 1.0, k_max: float = 10.0) -> None:
        check_positive("k_min", k_min)
        check_positive("k_max", k_max)
        super().__init__(Sigmoid(2 * k_min))
        self.k_min = k_min
        self.k_max = k_max

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float]:
        """Steepen; K is logged."""
        grown = 10 ** (epoch / epochs)
        k = ((grown - 1) * self.k_max + (10 - grown) * self.k_min) / 9
        self.now = Sigmoid(2 * k)
        return {"k": k}


class AnnealedRectangular(Annealed):
    """(1/a) 1[|s| < a/2], whose width a goes from `start` to `end` by the same factor every epoch.

        a = start (end / start)^(epoch / epochs)

    Args:
        start: a > 0 at the beginning, in units of the membrane potential.
        end: a > 0 at the end.
    Raises: UsageError: `start` or `end` is no finite number > 0.
    Source: none; it holds the place of GSG, of which the paper gives the name only.
    """

    def __init__(self, start: float = 2.0, end: float = 0.5) -> None:
        check_positive("start", start)
        check_positive("end", end)
        super().__init__(Rectangular(start))
        self.start = start
        self.end = end

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float]:
        """Narrow, or widen; a is logged."""
        share = epoch / epochs
        width = self.start ** (1 - share) * self.end**share
        self.now = Rectangular(width)
        return {"width": width}
