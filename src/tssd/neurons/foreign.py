"""Neurons of other libraries, which keep their membrane from one call to the next."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

# Library -> the method with which one of its modules forgets. Found by name, so that neither
# library is imported. Not any `reset` will do: in a class that we do not know it may reset a
# metric, or the weights. And not snntorch.utils.reset, which also wipes all other networks.
_FORGET = {"spikingjelly": "reset", "snntorch": "reset_mem"}


def state_keepers(module: nn.Module) -> Iterator[tuple[str, nn.Module, Callable[[], object]]]:
    """Every part that is known to keep state: its dotted name, itself, and how it forgets.

    Known are SpikingJelly's modules that have `reset` and snnTorch's neurons, subclasses included.
    """
    for name, part in module.named_modules():
        for method in _forgetting_methods(type(part)):
            forget = getattr(part, method, None)
            if callable(forget):
                yield name, part, forget


def clear_state(module: nn.Module) -> None:
    """Reset the membranes of SpikingJelly and snnTorch neurons in this module and in no other.

    Our networks and `AdaptedNet` do it before every call and before they are copied or pickled;
    a network alone needs it for copy.deepcopy and pickle after a training step, because a
    membrane then hangs on the graph.
    """
    for _, part, forget in state_keepers(module):
        forget()
        # What a reset leaves, such as the spikes of snnTorch's LSTMs, can't be copied with a graph.
        if not torch.compiler.is_compiling():
            leave_graph(part)


def leave_graph(part: nn.Module) -> None:
    """Take what one module keeps in attributes and buffers out of the last call's graph."""
    for table in (vars(part), part._buffers):
        for key, value in table.items():
            if isinstance(value, Tensor) and value.grad_fn is not None:
                table[key] = value.detach()


def forward_is_foreign(part: nn.Module) -> bool:
    """Whether a part computes what one of the libraries wrote, not what a subclass does instead."""
    return _library(type(part).forward.__module__) in _FORGET


def takes_one_step(part: nn.Module) -> bool:
    """Whether a library's part computes one timestep a call; snnTorch's have no other mode."""
    return getattr(part, "step_mode", "s") == "s"


def _forgetting_methods(kind: type) -> tuple[str, ...]:
    if _library(kind.__module__) == "torch":  # most parts, and this is asked before every call
        return ()
    libraries = {_library(parent.__module__) for parent in kind.__mro__}
    return tuple(_FORGET[library] for library in sorted(libraries & _FORGET.keys()))


def _library(module_name: str) -> str:
    return module_name.partition(".")[0]
