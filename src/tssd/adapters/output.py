"""The logits in what a network returned, or the line that says why there are none."""

import torch
from torch import Tensor

from tssd.errors import UsageError

# What a layout's output is like.
EXPECTED = {
    "time_first": "[T, N, K]",
    "batch_first": "[N, T, K]",
    "stepped": "[N, K] at every timestep",
    "repeating": "[T, N, K]",
}
_REPEATS = "layout='repeating' with set_timesteps=lambda net, T: ... if it repeats its input itself"


def first_tensor(output: object) -> Tensor | None:
    """The output itself, or the first of a tuple: spikes or logits, followed by states."""
    first = output[0] if isinstance(output, tuple | list) and output else output
    return first if isinstance(first, Tensor) else None


def listed_logits(output: object, steps: int, batch: int) -> Tensor | None:
    """[T, N, K] of a list or tuple of T tensors [N, K]; None of any other output."""
    if not isinstance(output, tuple | list) or len(output) != steps:
        return None
    entries = [entry for entry in output if isinstance(entry, Tensor)]
    shapes = {entry.shape for entry in entries}
    if len(entries) < steps or len(shapes) != 1 or entries[0].shape[:-1] != (batch,):
        return None
    return torch.stack(entries) if entries[0].is_floating_point() else None


def is_average(output: object, batch: int) -> bool:
    """Whether an output has no time axis: [N, K], or a tuple that starts so."""
    first = first_tensor(output)
    return first is not None and first.is_floating_point() and first.shape[:-1] == (batch,)


def checked(output: object, layout: str, steps: int, batch: int) -> Tensor:
    """The logits in a network's output, in its own layout.

    Raises: UsageError: they are of another shape or no floating-point tensor.
    """
    logits = first_tensor(output)
    if logits is None or not logits.is_floating_point():
        found = type(output).__name__ if logits is None else logits.dtype
        raise UsageError(
            f"output: got {found}, expected floating-point logits {EXPECTED[layout]}, or a tuple "
            "that starts with them; return them first"
        )
    lead = {"batch_first": (batch, steps), "stepped": (batch,)}.get(layout, (steps, batch))
    shape = tuple(logits.shape)
    if shape[:-1] == lead:
        return logits
    listed = "a list that starts with " if isinstance(output, tuple | list) else ""
    raise UsageError(
        f"output: got {listed}shape {list(shape)} in a run of T = {steps}, N = {batch}, expected "
        f"{EXPECTED[layout]}; {_likely_fix(shape, layout, steps, batch)}"
    )


def _likely_fix(shape: tuple[int, ...], layout: str, steps: int, batch: int) -> str:
    if layout == "stepped":
        if len(shape) == 3 and shape[1] == batch:
            return f"return one timestep's logits, or use {_REPEATS}"
        return "is the network for whole sequences? then use layout='time_first' or 'batch_first'"
    if shape[:-1] == (batch,):
        return (
            "return the logits of every timestep, not their mean or sum over time, or name the "
            "module that returns them with head=..., or use layout='stepped' if the network "
            "computes one timestep a call"
        )
    if shape[:-1] == (steps * batch,):
        order = "(N, T)" if layout == "batch_first" else "(T, N)"
        return f"unfold time and batch at the end: logits.unflatten(0, {order})"
    if layout == "repeating":
        if len(shape) == 3 and shape[1] == batch:
            return (
                f"set_timesteps was called with {steps} and had no effect; let it set what the "
                "network's loop reads, e.g. lambda net, T: setattr(net, 'num_steps', T)"
            )
        if shape[:-1] == (batch, steps):
            return "transpose the output"
    for other in ("time_first", "batch_first"):
        if shape[:-1] == ((steps, batch) if other == "time_first" else (batch, steps)):
            return f"transpose the output, or use layout={other!r} if the input is alike"
    if len(shape) == 4 and shape[1:3] in {(steps, batch), (batch, steps)}:
        return f"return one logit a class at every timestep, or use {_REPEATS}"
    return "end the network with one logit a class, at every timestep"
