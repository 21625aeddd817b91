"""Modules that a network calls, but that are no part of it: nothing trains or saves their weights.

That happens with layers in a plain Python list.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from tssd.errors import UsageError


@contextmanager
def all_registered(module: nn.Module) -> Iterator[None]:
    """Refuse a network that calls modules with weights outside of it, while in here.

    Weights count, not modules: a module made on the fly may use weights of the network, and one
    that is hidden on purpose, such as a teacher, has none that learn. If a run fails as well, this
    is said in its place, because a weight left behind on another device is often the cause.
    Networks with compiled parts are not watched: torch warns of global hooks beside those.

    Raises: UsageError: it does; names the first module's class.
    """
    if any("_orig_mod" in part._modules for part in module.modules()):
        yield
        return
    thread = threading.get_ident()
    weights: dict[nn.Parameter, nn.Module] = {}

    def note(part: nn.Module, args: object) -> None:
        # The hook is global, so it sees other threads' networks, too. In a graph it must leave
        # nothing behind.
        if torch.compiler.is_compiling() or threading.get_ident() != thread:
            return
        for weight in part.parameters():  # of this call: functional_call puts others in
            if isinstance(weight, nn.Parameter) and weight.requires_grad:
                weights.setdefault(weight, part)

    handle = register_module_forward_pre_hook(note)
    error: Exception | None = None
    try:
        yield
    except Exception as raised:
        error = raised
    finally:
        handle.remove()
    own = set(module.parameters())  # at the end: a network may build its layers when it first runs
    stray = next((part for weight, part in weights.items() if weight not in own), None)
    if stray is not None:
        raise UsageError(
            f"module: {type(module).__name__} calls a {type(stray).__name__} whose weights are not "
            "in its parameters(), so that they are neither trained nor saved, expected all weights "
            "there; keep layers in nn.ModuleList or nn.Sequential instead of a list or dict"
        ) from error
    if error is not None:
        raise error
