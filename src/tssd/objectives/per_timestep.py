"""Parts with a parameter for each timestep: built for training, and how long they can run."""

from torch import nn

from tssd.errors import UsageError
from tssd.longest import longest


def build_missing(root: nn.Module, timesteps: int) -> None:
    """Build those that are not built yet; what is built may be trained, and stays as it is.

    Args:
        root: a network, or its exits. See `tssd.longest` for what its parts have.
        timesteps: T_t.
    Raises: UsageError: a part is built for fewer timesteps.
    """
    for name, part in root.named_modules():
        build, most = getattr(part, "build_for", None), getattr(part, "longest", False)
        if not callable(build) or most is False:
            continue
        if most is None:
            build(timesteps)
        elif most < timesteps:
            raise UsageError(
                f"timesteps.teacher: got {timesteps}, but {name or 'the network'} "
                f"({type(part).__name__}) was built for {most}: its parameters stand for "
                f"one timestep each; train for at most {most}, or start from a new network"
            )


def longest_of(*modules: nn.Module | None) -> int | None:
    """The longest T that all modules can run, say a network and its exits; None = any."""
    found = [longest(module) for module in modules if module is not None]
    return min((steps for steps in found if steps is not None), default=None)


def check_length(timesteps: int, *modules: nn.Module | None) -> None:
    """Refuse more timesteps than all modules can run. Raises: UsageError: says how many."""
    most = longest_of(*modules)
    if most is not None and timesteps > most:
        raise UsageError(
            f"timesteps: got {timesteps}, but parts of the network have parameters for the "
            f"{most} timesteps that they were trained with; run it for {most} at most"
        )
