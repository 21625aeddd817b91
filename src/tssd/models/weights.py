"""What a network's convolutions compute with, where that is not the weights that are trained."""

import copy
from typing import TypeVar

from torch import nn

from tssd.errors import UsageError

Layer = TypeVar("Layer", bound=nn.Conv2d)


class Weights:
    """Puts layers of another kind in the place of a network's convolutions, once it is built.

    A subclass says which one stands in for a convolution. Whatever that is, it derives from
    `nn.Conv2d`, and `folded()` is the plain convolution that it computes: `tssd.neurons.folded`
    makes a network of those.
    """

    # Whether the first convolution, which sees no spikes, stays as it is.
    skips_first = False

    def layer(self, conv: nn.Conv2d) -> nn.Conv2d:
        """What stands in for a convolution; it may share its parameters."""
        raise NotImplementedError

    def put_into(self, net: nn.Module) -> None:
        """Change a network in place, before its weights are loaded and there is an optimiser.

        Raises: UsageError: it has no plain convolutions (torch.nn.Conv2d) that could be changed.
        """
        found = [name for name, part in net.named_modules() if type(part) is nn.Conv2d]
        chosen = found[1:] if self.skips_first else found
        if not chosen:
            but = " behind its first one" if found else ""
            raise UsageError(
                f"weights: {type(self).__name__} finds no torch.nn.Conv2d in "
                f"{type(net).__name__}{but}; leave it out (--weights null)"
            )
        for name in chosen:
            above, _, own = name.rpartition(".")
            parent = net.get_submodule(above)
            conv = parent.get_submodule(own)
            assert isinstance(conv, nn.Conv2d)
            parent._modules[own] = self.layer(conv)


def as_kind(conv: nn.Conv2d, kind: type[Layer]) -> Layer:
    """The same convolution, with the same parameters, as one of a subclass without more state."""
    made = copy.copy(conv)
    # Parameters are shared, what they and hooks are listed in is not.
    made.__dict__ = {k: v.copy() if isinstance(v, dict) else v for k, v in vars(conv).items()}
    made.__class__ = kind
    return made  # pyright: ignore[reportReturnType]
