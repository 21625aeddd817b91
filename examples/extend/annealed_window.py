"""A surrogate whose width anneals: wide at first, so that all learn, then ever nearer the spike."""

from torch import Tensor, nn

from tssd.surrogates import Rectangular, Surrogate


class AnnealedWindow(nn.Module, Surrogate):
    """(1/a) 1[|s| < a/2], with a that goes from `start` to `end` over training.

        a(epoch) = start (end / start)^(epoch / epochs)

    Args:
        start: width at the beginning, > 0, in units of the membrane potential.
        end: width at the end.
    """

    def __init__(self, start: float = 2.0, end: float = 0.5) -> None:
        super().__init__()
        self.start = Rectangular(start)
        self.end = Rectangular(end)
        self.window = self.start

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float]:
        """Told at every step of training; what is returned is logged."""
        share = epoch / epochs
        self.window = Rectangular(self.start.width ** (1 - share) * self.end.width**share)
        return {"width": self.window.width}

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        return self.window.derivative(s)

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        return self.window.primitive(s)
