"""State that a network returns from one timestep and takes back at the next."""

import inspect
import re
from collections.abc import Sequence

from torch import nn

from tssd.errors import UsageError

# Arguments that mean a state wherever neurons and recurrent cells are written.
_STATE = re.compile(
    r"(?!(output|return|use|get|with|store|detach)_)"
    r"(.*_)?(state|mem|membrane|hidden|carry|syn|hx|prev|[hsv])s?_?\d*",
    re.IGNORECASE,
)


def check_arguments(module: nn.Module) -> None:
    """Refuse a network that can't be called with its input alone.

    Raises: UsageError: its forward has a second argument without a default.
    """
    needed = [p.name for p in _arguments(module)[1:] if p.default is p.empty]
    if needed:
        raise UsageError(
            f"module: {type(module).__name__}.forward needs {', '.join(needed)} beside its input; "
            "give it a default, such as None, and make a state of None there"
        )


def state_arguments(module: nn.Module) -> list[str]:
    """Arguments of a network's forward, after its input, that take a state; first the default."""
    return [
        p.name
        for p in _arguments(module)[1:]
        if p.kind is not p.POSITIONAL_ONLY
        and p.default is not p.empty
        and not isinstance(p.default, bool)
        and _STATE.fullmatch(p.name)
    ]


def carried(module: nn.Module, output: object, names: Sequence[str]) -> dict[str, object]:
    """What the next timestep is given: the states in an output, by the argument that takes them.

    Raises: UsageError: it is unclear which returned value is which state.
    """
    if isinstance(module, nn.RNNCellBase):  # its output is its state
        return dict.fromkeys(names, output)
    if not isinstance(output, tuple | list) or len(output) < 2:
        return {}
    states = output[1:]
    if len(states) == len(names):
        return dict(zip(names, states, strict=True))
    options = [p.name for p in _arguments(module)[1:] if p.default is None]
    if names and len(states) == len(options):  # (h=None, c=None)
        return dict(zip(options, states, strict=True))
    if not names and not options:
        return {}  # it can't take a state: what it returns is shown, or kept inside as well
    kind = type(module).__name__
    if names:
        raise UsageError(
            f"layout: {kind} returns {len(states)} values after its logits, but its forward takes "
            f"the state as {', '.join(names)}; return as many as it takes, in that order"
        )
    raise UsageError(
        f"layout: {kind} returns {len(states)} values after its logits, and it is unclear whether "
        f"{', '.join(options)} of its forward takes them back at the next timestep; if so, name "
        "the argument state, else return the logits alone"
    )


def _arguments(module: nn.Module) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # e.g. a compiled module's
        return []
    return [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
