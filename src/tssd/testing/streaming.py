"""Step, scan and forward of a whole network, or of a block, are the same in eval mode."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from tssd.testing.expect import expect, expect_same


def check_streaming(name: str, net: Any, x: Tensor) -> None:
    """Compare the whole of x with it cut anywhere, and with single steps.

    Args:
        name: of the network, for messages.
        net: in eval mode and double precision, with `initial_state` and `scan`; with `step`, if it
            is a network.
        x: [T, N, ...].
    Raises: AssertionError: what differs.
    """
    buffers = {key: value.clone() for key, value in net.state_dict().items()}
    whole, first = _values(net(x)), net.initial_state(x[0])
    _check_plain(name, first)
    expect_same(_values(net.scan(x)[0]), whole, f"{name}: scan(x) and a call")
    for cut in range(1, len(x)):
        what = f"{name}: {cut} timesteps, then the rest from the state so far"
        start, state = net.scan(x[:cut], first)
        _check_plain(name, state)
        rest, _ = net.scan(x[cut:], state)
        expect_same(torch.cat([_values(start), _values(rest)]), whole, what)
        again, _ = net.scan(x[cut:], state)
        expect_same(_values(again), _values(rest), f"{name}: it writes into the state it is given")
    if hasattr(net, "step"):
        steps, state = [], first
        for x_t in x:
            y_t, state = net.step(x_t, state)
            steps.append(y_t)
        expect_same(torch.stack(steps), whole, f"{name}: a loop over step and a call")
    changed = [key for key, value in net.state_dict().items() if not value.equal(buffers[key])]
    expect(not changed, f"{name}: steps in eval mode changed {changed}")
    expect(isinstance(net, nn.Module) and not net.training, f"{name}: left in training mode")


def _values(output: Any) -> Tensor:
    return output if isinstance(output, Tensor) else output.logits


def _check_plain(name: str, state: Any) -> None:
    odd = [type(leaf).__name__ for leaf in _leaves(state) if not isinstance(leaf, Tensor | int)]
    expect(not odd, f"{name}: its state holds {odd}, expected tensors, and whole numbers of "
           "timesteps, in nested tuples")  # fmt: skip


def _leaves(state: Any) -> Iterator[object]:
    if isinstance(state, tuple):
        for inside in state:
            yield from _leaves(inside)
    else:
        yield state
