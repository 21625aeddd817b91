"""Membrane state that other libraries' neurons keep from one call to the next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from tssd.errors import UsageError

# Library -> the method with which one of its modules forgets. Found by name, so that neither
# library is imported. Not any `reset` will do: in a class that we do not know it may reset a
# metric, or the weights. And not snntorch.utils.reset, which also wipes all other networks.
_FORGET = {"spikingjelly": "reset", "snntorch": "reset_mem"}


def state_keepers(module: nn.Module) -> Iterator[tuple[str, nn.Module, Callable[[], object]]]:
    """Every part that is known to keep state: its dotted name, itself, and how it forgets.

    Known are SpikingJelly's modules that have `reset` and snnTorch's neurons, subclasses included.
    """
    for name, part in module.named_modules():
        libraries = {_library(parent.__module__) for parent in type(part).__mro__}
        for library in libraries & _FORGET.keys():
            forget = getattr(part, _FORGET[library], None)
            if callable(forget):
                yield name, part, forget


def clear_state(module: nn.Module) -> None:
    """Reset the membranes of SpikingJelly and snnTorch neurons in this module and in no other.

    `AdaptedNet` does it before every call; it is also what copy.deepcopy and pickle need after a
    training step, because a membrane then hangs on the graph.
    """
    for _, _, forget in state_keepers(module):
        forget()


@contextmanager
def steps_checked(module: nn.Module, steps: int, batch: int, *, stepped: bool) -> Iterator[None]:
    """Refuse neurons that take a sequence for one step, or a step for a sequence, while in here.

    Both run and give outputs of the right shape. It takes T != N and N > 1 to see it.
    """

    def hook(part: nn.Module, args: tuple[object, ...]) -> None:
        x = args[0] if args else None
        if not isinstance(x, Tensor):
            return
        # snnTorch's neurons have no mode: they compute one timestep a call.
        single = getattr(part, "step_mode", "s") == "s"
        if single and not stepped and tuple(x.shape[:2]) == (steps, batch):
            raise UsageError(
                f"layout: {names[part]} ({type(part).__name__}) computes one timestep a call, but "
                f"was given a whole sequence {list(x.shape)}; use layout='stepped', or "
                "step_mode='m' if it is SpikingJelly's"
            )
        if stepped and not single and x.shape[0] == batch:
            raise UsageError(
                f"layout: {names[part]} ({type(part).__name__}) has step_mode='m' and takes the "
                f"batch in {list(x.shape)} for time; set step_mode='s', or layout='time_first'"
            )

    names = {
        part: name
        for name, part, _ in state_keepers(module)
        # A network of the user's own may derive from a neuron's base class and do otherwise.
        if _library(type(part).forward.__module__) in _FORGET
    }
    handles = [part.register_forward_pre_hook(hook) for part in names]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _library(module_name: str) -> str:
    return module_name.partition(".")[0]
