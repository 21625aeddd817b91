"""Parts with a parameter for each timestep: the longest T that a network can run.

Such a part, a neuron or a norm, has

    longest: int | None                     the T it was built for; None = any, before it is built
    build_for(timesteps: int) -> None       makes its parameters for that T

Training builds for T_t. A shorter run takes the first rows, a longer one is refused.
"""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.whole import whole


def build_for(net: nn.Module, timesteps: int) -> None:
    """Build every part of a network for T timesteps; one that is built for it stays as it is.

    Call it before the optimiser exists and before weights are loaded.

    Raises: UsageError: timesteps < 1.
    """
    timesteps = whole("timesteps", timesteps, 1)
    for part in _parts(net):
        if part.longest != timesteps:
            part.build_for(timesteps)


def longest(net: nn.Module) -> int | None:
    """Longest T that all parts of a network can run; None = any."""
    return min((part.longest for part in _parts(net) if part.longest is not None), default=None)


def rows(parameter: Tensor, start: int, steps: int, *, longest: int | None) -> Tensor:
    """Rows of a parameter [T, ...] for timesteps `start` to `start + steps`, counted from 0.

    Args:
        parameter: one row a timestep; before the part is built, one row for all of them.
        start: timesteps before these.
        steps: how many.
        longest: the part's T; None = it is not built.
    Shapes: [T, ...] -> [steps, ...].
    Raises: UsageError: the part was built for fewer.
    """
    if longest is None:
        return parameter.expand(steps, *parameter.shape[1:])
    if start + steps > longest:
        raise UsageError(
            f"timesteps: got {start + steps}, but the network was built for {longest}: some of its "
            "parameters stand for one timestep each; run it for fewer, or train it with more "
            "(timesteps.teacher)"
        )
    return parameter[start : start + steps]


def _parts(net: nn.Module) -> Iterator[Any]:
    for module in net.modules():
        if callable(getattr(module, "build_for", None)) and hasattr(module, "longest"):
            yield module
