"""Checks of whatever maps sequences [T, N, ...] to sequences: neurons and norms, in eval mode."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.longest import build_for
from tssd.testing.expect import expect, expect_same


def scan(part: Any, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
    """Output and next state from a state (None = initial); a part without memory has none."""
    if not hasattr(part, "scan"):
        return part(x), None
    return part.scan(x, initial_state(part, x) if state is None else state)


def initial_state(part: Any, x: Tensor) -> Any:
    """State before the first step; a part without memory has none."""
    return part.initial_state(x[0]) if hasattr(part, "initial_state") else None


def tensors(state: Any) -> Iterator[Tensor]:
    """All tensors in a state, however it is nested."""
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, Mapping | tuple | list):
        for inside in state.values() if isinstance(state, Mapping) else state:
            yield from tensors(inside)


def check_sequences(name: str, part: nn.Module, x: Tensor) -> None:
    """Shape, repeatability, causality and carried state of a part.

    Args:
        name: of the part, for messages.
        part: in eval mode and double precision.
        x: [T, N, ...] of at least two timesteps and samples.
    """
    with torch.no_grad():
        _check_shape(name, part, x)
        _check_repeats(name, part, x)
        _check_view(name, part, x)
        _check_samples(name, part, x)
        _check_causality(name, part, x)
        _check_carry(name, part, x)
    if not getattr(part, "whole_sequences", False):  # it says that it looks ahead backward
        _check_gradients_from_the_past(name, part, x)


def check_low_precision(name: str, part: nn.Module, x: Tensor) -> None:
    """Under autocast the type is kept, values and gradients are finite, and state is float32."""
    low = x.to(torch.bfloat16).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        y, state = scan(part, low)
    expect(
        y.dtype == low.dtype,
        f"{name}: got {y.dtype} for an input of {low.dtype}, expected the same: return "
        "y.to(x.dtype)",
    )
    (g,) = torch.autograd.grad(y.float().sum(), low)
    expect(
        y.isfinite().all() and g.isfinite().all(),
        f"{name}: got values or gradients that are not finite under autocast to bfloat16",
    )
    for held in tensors([initial_state(part, low), state]):
        expect(
            not held.is_floating_point() or held.dtype != torch.bfloat16,
            f"{name}: got a state of {held.dtype} for an input of bfloat16, expected float32: "
            "small inputs would not add up; tssd.neurons.membrane_like(x_t) makes one",
        )


def check_built_for(name: str, part: Any, unbuilt: Any, x: Tensor) -> None:
    """A part with something for each timestep is built for T = len(x) and refuses more.

    Any other runs for longer than anybody has said, and so may one that is not built.
    """
    longer = torch.cat([x, x])
    with torch.no_grad():
        try:
            y = unbuilt(longer)
        except UsageError as error:
            expect(hasattr(part, "build_for"), f"{name}: {len(longer)} timesteps: {error}")
        else:
            expect(len(y) == len(longer), f"{name}: got {len(y)} timesteps for {len(longer)}")
    if not hasattr(part, "build_for"):
        return
    expect(hasattr(part, "longest"), f"{name}: it has build_for and no attribute `longest`, by "
           "which training finds it; None before it is built, T after build_for(T)")  # fmt: skip
    before, after = unbuilt.longest, part.longest
    expect(before is None, f"{name}: longest: got {before} before it is built, expected None")
    expect(after == len(x), f"{name}: longest: got {after} after build_for({len(x)})")
    kept = [p.dtype for p in part.parameters()]
    again = copy.deepcopy(part)
    build_for(again, len(x) + 1)
    expect(
        [p.dtype for p in again.parameters()] == kept,
        f"{name}: build_for makes parameters of another type than it had (or on another device); "
        "self.p.new_ones(timesteps) keeps it",
    )
    _refuses(name, len(x), f"{len(longer)} timesteps", lambda: part(longer))
    carried = f"{len(x)} timesteps and one more"
    _refuses(name, len(x), carried, lambda: scan(part, x[:1], scan(part, x)[1]))


def _refuses(name: str, longest: int, what: str, run: Callable[[], object]) -> None:
    expected = f"built for {longest}; expected a UsageError in one line, as of tssd.longest.rows"
    try:
        run()
    except UsageError:
        return
    except Exception as error:
        raise AssertionError(f"{name}: got {type(error).__name__} on {what}, {expected}") from error
    raise AssertionError(f"{name}: ran {what}, {expected}")


def _check_shape(name: str, part: nn.Module, x: Tensor) -> None:
    for each in (x, x[:1], x[:, :1], x[:1, :1]):
        before = each.clone()
        y = part(each)
        expect(
            y.shape == each.shape and y.dtype == each.dtype,
            f"{name}: got {y.dtype} {[*y.shape]} for an input of {each.dtype} {[*each.shape]}, "
            "expected the same",
        )
        expect(torch.equal(each, before), f"{name}: it writes into its input; use no x.add_(...)")


def _check_repeats(name: str, part: nn.Module, x: Tensor) -> None:
    before = {key: value.clone() for key, value in part.state_dict().items()}
    what = f"{name}: two calls on the same input: something stays between"
    first = part(x)
    expect_same(part(x), first, what)
    part(x[:, :1] + 1)  # some start anew for a batch of another size alone
    expect_same(part(x), first, what)
    changed = [key for key, value in part.state_dict().items() if not value.equal(before[key])]
    expect(not changed, f"{name}: a call in eval mode changed {changed}")


def _check_view(name: str, part: nn.Module, x: Tensor) -> None:
    view = x[0].expand(len(x), *x[0].shape)
    what = f"{name}: an image repeated as a view (tssd.repeat_in_time) and written out"
    expect_same(part(view), part(view.contiguous()), what)


def _check_samples(name: str, part: nn.Module, x: Tensor) -> None:
    what = f"{name}: one sample alone and in a batch, in eval mode"
    expect_same(part(x[:, :1]), part(x)[:, :1], what)


def _check_causality(name: str, part: nn.Module, x: Tensor) -> None:
    whole = part(x)
    for t in range(1, len(x)):
        later = torch.cat([x[:t], 1 - 2 * x[t:]])
        what = f"{name}: the first {t} of {len(x)} timesteps"
        expect_same(part(later)[:t], whole[:t], f"{what} depend on the input after them")
        expect_same(part(x[:t]), whole[:t], f"{what} run alone")


def _check_gradients_from_the_past(name: str, part: nn.Module, x: Tensor) -> None:
    # A dependence that a threshold hides is seen by the gradient.
    x = x.clone().requires_grad_()
    y = part(x)
    for t in range(1, len(x)):
        (g,) = torch.autograd.grad(y[:t].sum(), x, retain_graph=True)
        expect(
            not g[t:].any(),
            f"{name}: the first {t} of {len(x)} timesteps have a gradient by the input after them",
        )


def _check_carry(name: str, part: nn.Module, x: Tensor) -> None:
    whole = part(x)
    for cut in range(1, len(x)):
        what = f"{name}: {cut} timesteps, then the rest from the state so far"
        first, state = scan(part, x[:cut])
        rest, _ = scan(part, x[cut:], state)
        expect_same(torch.cat([first, rest]), whole, what)
        again, _ = scan(part, x[cut:], state)
        expect_same(again, rest, f"{name}: it writes into the state that it is given")
