"""Outputs of networks as checks need them: watched, listed, changed."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from tssd.models import NetOutput

# What a loss hands over to terms that ask for it, and how they ask.
NEEDS = {
    "exits": "needs_exits",
    "membranes": "needs_membranes",
    "input": "needs_input",
    "taps": "needs_taps",
}


class Watched(NetOutput):
    """An output that notes what is read of it."""

    def __getattribute__(self, name: str) -> Any:
        if name in NEEDS:
            vars(self).setdefault("_read", set()).add(name)
        return object.__getattribute__(self, name)

    def was_read(self) -> set[str]:
        """Which of `NEEDS` was read so far."""
        return vars(self).get("_read", set())


def tensors(out: NetOutput) -> dict[str, Tensor]:
    """All tensors of an output by a name for messages."""
    found = {"out.logits": out.logits}
    for field in ("taps", "exits", "membranes"):
        found |= {f"out.{field}[{key!r}]": value for key, value in getattr(out, field).items()}
    return found if out.input is None else found | {"out.input": out.input}


def mapped(out: NetOutput, change: Callable[[Tensor], Tensor]) -> NetOutput:
    """The output with all its tensors changed, [T, N, ...] each; a repeated image stays one."""
    x = out.input
    if x is not None:
        x = change(x[:1]).expand(len(x), *[-1] * (x.dim() - 1)) if x.stride(0) == 0 else change(x)
    return NetOutput(
        change(out.logits),
        {key: change(value) for key, value in out.taps.items()},
        {key: change(value) for key, value in out.exits.items()},
        {key: change(value) for key, value in out.membranes.items()},
        x,
    )
