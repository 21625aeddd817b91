"""What a surrogate gradient is: two functions of s = H - threshold, and the spike made of them."""

import copy

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.surrogates.spike import SurrogateSpike, fire, straight_through


class Surrogate:
    """A gradient for the spike 1[s >= 0].

    A subclass gives `derivative`, which the backward pass uses, and `primitive`, the smooth step it
    is the derivative of, which documents and tests it. One object serves many neurons.

    A surrogate that changes or is trained derives from nn.Module too: `class Mine(nn.Module,
    Surrogate)`. Every neuron then has a copy of its own (`for_neuron`), `set_progress(epoch,
    epochs)` is told where training is, and its parameters get the gradient of `primitive`.
    """

    def derivative(self, s: Tensor) -> Tensor:
        """Stand-in for d spike / d s. Shapes: [...] -> [...]."""
        raise NotImplementedError

    def primitive(self, s: Tensor) -> Tensor:
        """Smooth step from 0 to 1 whose derivative is `derivative`. Shapes: [...] -> [...]."""
        raise NotImplementedError

    def spike(self, s: Tensor) -> Tensor:
        """The spike 1[s >= 0] with this gradient, for any neuron; NaN stays NaN.

        Shapes: [...] -> [...] in {0, 1}, of the type of s.
        Raises: UsageError: in the backward pass: create_graph=True.
        """
        if torch.is_grad_enabled() and is_trained(self):
            return straight_through(fire(s.detach()), self.primitive(s))
        if torch.is_grad_enabled() and s.requires_grad:
            return SurrogateSpike.apply(s, self)  # pyright: ignore[reportReturnType]
        return fire(s)

    def current(self) -> "Surrogate":
        """What spikes and trains as this one does at this moment and never changes, or itself.

        A scan runs that in its place. For surrogates that are such a one only some of the time.
        """
        return self

    # Whether its shape depends on a decay that the neuron trains.
    follows_decay = False

    def following(self, decay: Tensor, threshold: float) -> "Surrogate":
        """What it is for a neuron that trains its decay; itself unless it follows that.

        Args:
            decay: [], the share of its membrane that the neuron keeps in a timestep.
            threshold: potential at which the neuron fires.
        """
        return self

    def kept_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Type of what a neuron whose membrane has `dtype` keeps of s for its backward pass."""
        return dtype

    def compress(self, s: Tensor, out: Tensor) -> None:
        """Write into `out` what the backward pass needs of s; s may be overwritten."""
        out.copy_(s)

    def scale(self, grad: Tensor, kept: Tensor) -> Tensor:
        """The gradient times the derivative, in place, from what `compress` kept."""
        return grad.mul_(self.derivative(kept))


def is_trained(surrogate: Surrogate) -> bool:
    """Whether a surrogate has parameters that want a gradient."""
    return isinstance(surrogate, nn.Module) and any(p.requires_grad for p in surrogate.parameters())


def for_neuron(surrogate: Surrogate, /, *, trains_decay: bool = False) -> Surrogate:
    """The surrogate of one neuron: a module as a copy, since no two layers train the same one.

    Args:
        surrogate: as it is given.
        trains_decay: whether the neuron trains its decay, and calls `Surrogate.following`.
    Raises: UsageError: not an object of a class that derives from Surrogate, or one that follows a
        decay that is not trained.
    """
    if not isinstance(surrogate, Surrogate):
        raise UsageError(
            f"surrogate: got {surrogate!r}, expected an object of a class such as "
            "tssd.surrogates.Sigmoid(), or of your own that derives from Surrogate"
        )
    if surrogate.follows_decay and not trains_decay:
        raise UsageError(
            f"surrogate: {type(surrogate).__name__} follows a decay that the neuron trains, and "
            "this neuron trains none; take tssd.neurons.PLIF, as the part lsg does, or another "
            "surrogate"
        )
    return copy.deepcopy(surrogate) if isinstance(surrogate, nn.Module) else surrogate
