"""A network and its exits run one timestep after the other, each without the past's graph."""

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from tssd.models.base import NetOutput
from tssd.models.flow import Carry
from tssd.neurons import recording
from tssd.objectives import SelfDistillation
from tssd.objectives.batch import check_output, dtype_of, explained
from tssd.objectives.checks import in_full_precision


def outputs(
    criterion: SelfDistillation,
    net: Any,
    sequence: Tensor,
    *,
    backward: Container[int],
    shows: bool = False,
) -> Iterator[NetOutput]:
    """What a network gives at each timestep, with the exits' logits, in full precision.

    The state goes on from step to step without its graph, so that a step's activations live as long
    as its own output.

    Args:
        criterion: with the exits.
        net: with `scan`, as `StagedNet` has it.
        sequence: [T, N, ...].
        backward: timesteps, counted from 0, that are to go backward; the others keep nothing.
        shows: whether membranes are wanted.
    Shapes: fields [1, N, ...] each.
    """
    state, exits = None, None
    for t, x_t in enumerate(sequence.split(1)):
        with nullcontext() if t in backward else _nothing_kept():
            carry = Carry(exits)
            record = recording(net) if shows else nullcontext({})
            with explained(x_t, dtype_of(net)), record as membranes:
                out, state = net.scan(x_t, state, criterion.kept)
            check_output(out)
            out = in_full_precision(criterion.add_exits(out, carry))
        state, exits = detached(state), detached(carry.state())
        yield replace(out, membranes=membranes, input=x_t)


def joined(steps: Iterable[NetOutput], sequence: Tensor) -> NetOutput:
    """Logits of all timesteps, of network and exits, as `NetOutput` has them of a whole run."""
    found = [(out.logits, out.exits) for out in steps]
    exits = {tap: torch.cat([of_step[tap] for _, of_step in found]) for tap in found[0][1]}
    return NetOutput(torch.cat([logits for logits, _ in found]), exits=exits, input=sequence)


@contextmanager
def rehearsal(*modules: nn.Module) -> Iterator[None]:
    """Inside nothing is kept for a backward pass, and afterwards buffers are as they were.

    So what runs once more gives the same values, and norms take a batch into their running
    statistics once.
    """
    buffers = [
        (part, name, buffer, buffer.clone())
        for module in modules
        for part in module.modules()
        for name, buffer in part.named_buffers(recurse=False)
    ]
    with _nothing_kept():
        yield
        for part, name, buffer, before in buffers:
            buffer.copy_(before)
            part._buffers[name] = buffer  # which a step may have replaced


def detached(state: Any) -> Any:
    """A state, or any nested tuples, whose tensors have no graph."""
    if isinstance(state, Tensor):
        return state.detach()
    if not isinstance(state, tuple):
        return state  # a number of timesteps
    inside = map(detached, state)
    return type(state)(*inside) if hasattr(state, "_fields") else tuple(inside)


@contextmanager
def _nothing_kept() -> Iterator[None]:
    with torch.no_grad():
        yield
    # Autocast keeps weights in low precision, and those that it made here have no gradient.
    torch.clear_autocast_cache()
