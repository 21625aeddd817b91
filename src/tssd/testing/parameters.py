"""Checks of what a module holds: gradients, copies, and nothing shared between two of them."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from tssd.testing.expect import expect, expect_same


def check_gradients(name: str, part: nn.Module, x: Tensor) -> None:
    """The input and every trained parameter get a gradient that is finite and not zero."""
    part.train()
    x = x.clone().requires_grad_()
    y = part(x)
    expect(y.requires_grad, f"{name}: its output has no gradient, although its input wants one")
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view(y.shape)
    trained = {"input": x} | {n: p for n, p in part.named_parameters() if p.requires_grad}
    found = torch.autograd.grad((y * weights).sum(), list(trained.values()), allow_unused=True)
    for what, g in zip(trained, found, strict=True):
        expect(g is not None, f"{name}: {what} gets no gradient: the output does not depend on it")
        assert g is not None
        expect(g.isfinite().all(), f"{name}: the gradient of {what} has values that are not finite")
        expect(
            g.any(),
            f"{name}: the gradient of {what} is zero everywhere; if that is meant, it needs no "
            "requires_grad",
        )
    grads = dict(zip(trained, found, strict=True))
    for which, p in timestep_parameters(part):
        if p.requires_grad and (g := grads[which]) is not None:
            silent = [t for t, row in enumerate(g) if not row.any()]
            expect(
                not silent,
                f"{name}: the gradient of {which} is zero everywhere in rows {silent}, expected "
                "one row a timestep; tssd.longest.rows(parameter, steps seen, steps) takes them",
            )


def timestep_parameters(net: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Names and parameters [T, ...] of the parts that were built for T timesteps."""
    for where, part in net.named_modules():
        if callable(getattr(part, "build_for", None)):
            for which, p in part.named_parameters(where, recurse=False):
                if p.ndim and len(p) == getattr(part, "longest", None):
                    yield which, p


def spread_timesteps(net: nn.Module) -> None:
    """Make the rows of all timesteps differ, which a new part may have alike."""
    with torch.no_grad():
        for _, p in timestep_parameters(net):
            p += torch.linspace(-0.2, 0.2, len(p)).to(p).view(-1, *(1,) * (p.ndim - 1))


def check_copies(name: str, make: Callable[[], nn.Module], part: nn.Module, x: Tensor) -> None:
    """A deep copy, and a new part with this one's state_dict, compute the same.

    Args:
        name: of the part, for messages.
        make: another one, connected and built alike.
        part: in eval mode.
        x: an input.
    """
    with torch.no_grad():
        for p in part.parameters():
            p.mul_(1.05).add_(0.01)  # no longer what a new one starts from
        expected = part(x)
        expect_same(copy.deepcopy(part)(x), expected, f"{name}: a deep copy computes another thing")
        other = make().eval()
        other.load_state_dict(part.state_dict())
        expect_same(
            other(x),
            expected,
            f"{name}: a new one with its state_dict computes another thing, so that something it "
            "needs is neither a parameter nor a buffer",
        )


def check_nothing_is_shared(name: str, one: nn.Module, other: nn.Module) -> None:
    """Two parts of one factory hold no parameter, buffer or submodule in common."""
    for kind in ("modules", "parameters", "buffers"):
        held = {id(thing) for thing in getattr(one, kind)()}
        shared = [thing for thing in getattr(other, kind)() if id(thing) in held]
        expect(
            not shared,
            f"{name}: two of them share {kind}, expected none: {[type(t).__name__ for t in shared]}"
            "; tssd.surrogates.for_neuron copies a surrogate that is a module",
        )


def check_progress(name: str, part: nn.Module) -> None:
    """`set_progress(epoch, epochs)`, wherever there is one, takes every epoch from 0 to the end."""
    for where, module in part.named_modules():
        if callable(told := getattr(module, "set_progress", None)):
            for epoch in (10.0, 5.25, 0.0):
                shown = told(epoch, 10)
                what = f"{name}: {'.'.join(filter(None, (where, 'set_progress')))}({epoch}, 10)"
                expect(
                    shown is None
                    or isinstance(shown, dict)
                    and all(isinstance(v, float) for v in shown.values()),
                    f"{what}: got {shown!r}, expected a mapping from names to floats, or None",
                )
