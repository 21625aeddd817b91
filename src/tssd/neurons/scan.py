"""The leaky integrate-and-fire recurrence over a whole sequence, with a lean backward pass.

    H(t) = decay V(t-1) + gain x(t) + offset          charge
    S(t) = 1[H(t) >= threshold], or > if strict       fire
    V(t) = H(t) - threshold S(t)                      soft reset
    V(t) = H(t) + (v_reset - H(t)) S(t)               hard reset

Autograd would keep several tensors a step. This keeps, per element, what the surrogate's
derivative needs (one byte if it is rectangular), and for the hard reset one byte for the spike
when the reset is detached, or H itself when it is not.

A comparison swallows NaN: S(t) would be 0, as if the neuron were silent. A membrane that is NaN
stays NaN to the end, so the last spikes say it: they are NaN where the membrane is NaN or infinite.

A surrogate that is trained, or that spikes in a way of its own, runs the same recurrence under
plain autograd (`in_steps`), which is slower and keeps more. So does a neuron that fires by more
than H(t) - threshold. On CUDA two kernels take its place where they can (`triton_scan`).
"""

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tssd.neurons import triton_scan
from tssd.neurons.base import check_state, type_of_spikes
from tssd.neurons.strict import strictly_above
from tssd.surrogates import Surrogate
from tssd.surrogates.base import is_trained
from tssd.surrogates.spike import refuse_second_derivative

# Values of a piece (see `_pieces`): half a megabyte of float32, a few of which fit a core's cache.
PIECE = 2**17


class Dynamics(NamedTuple):
    """Constants of the recurrence above, in units of the membrane potential.

    v_reset is None for the soft reset. detach_reset cuts the gradient through S(t) in the reset.
    strict: whether only a potential above the threshold fires, and not one that is equal to it.
    """

    decay: float
    gain: float
    offset: float
    threshold: float
    v_reset: float | None
    detach_reset: bool
    strict: bool = False

    def firing(self, s: Tensor) -> Tensor:
        """A distance s [...] from a threshold as surrogates take it, whose spike is 1[s >= 0]."""
        return strictly_above(s) if self.strict else s


class Scanned(NamedTuple):
    """Spikes [T, N, ...], the last membrane [N, ...], and H [T, N, ...] if it was asked for."""

    spikes: Tensor
    v: Tensor
    h: Tensor | None = None


def _run(
    x: Tensor,
    v: Tensor,
    p: Dynamics,
    surrogate: Surrogate,
    *,
    kept: Sequence[Tensor] = (),
    shown: Sequence[Tensor] = (),
) -> tuple[Tensor, Tensor]:
    """The recurrence; fills `kept` (see `_buffers`) for a backward pass if it is given.

    Args:
        shown: one tensor to be filled with H, or none.
    """
    spikes, v = torch.empty_like(x, dtype=type_of_spikes(x, v)), v.clone()
    for n in _pieces(x):
        parts = [[t[:, n] for t in tensors] for tensors in (kept, shown)]
        _run_piece(x[:, n], v[n], spikes[:, n], p, surrogate, *parts)
    return spikes, v


def _run_piece(
    x: Tensor,
    v: Tensor,
    spikes: Tensor,
    p: Dynamics,
    surrogate: Surrogate,
    kept: Sequence[Tensor],
    shown: Sequence[Tensor],
) -> None:
    """The recurrence of some samples, in place on one step's buffers."""
    distance = torch.empty_like(v) if kept else v
    # Mixed types are converted as a whole, which is several times faster than within an operation.
    fired = torch.empty_like(v) if spikes.dtype != v.dtype else None
    last = len(x) - 1
    fires = torch.gt if p.strict else torch.ge
    # Slices are taken once: x[t] in the loop would cost small layers as much as the arithmetic.
    each = [t.unbind() for t in (*kept, *shown)]
    for t, (x_t, spikes_t, *kept_t) in enumerate(
        zip(x.unbind(), spikes.unbind(), *each, strict=True)
    ):
        s = spikes_t if fired is None else fired
        if p.gain == 1:
            torch.add(x_t.to(v.dtype), v, alpha=p.decay, out=v)
        else:
            v.mul_(p.decay).add_(x_t.to(v.dtype), alpha=p.gain)
        if p.offset:
            v.add_(p.offset)
        if shown:
            kept_t[-1].copy_(v)
        fires(v, p.threshold, out=s)
        if kept:
            surrogate.compress(torch.sub(v, p.threshold, out=distance), kept_t[0])
            if p.v_reset is not None:
                kept_t[1].copy_(s if p.detach_reset else v)
        if p.v_reset is None:
            v.sub_(s, alpha=p.threshold)
        else:
            v.masked_fill_(s.bool(), p.v_reset)
        if t == last:
            s.add_(v, alpha=0)  # 0 NaN = NaN, at the price of one operation for all T
        if fired is not None:
            spikes_t.copy_(fired)


def _pieces(x: Tensor) -> Sequence[slice | EllipsisType]:
    """Samples of x [T, N, ...] to be run one piece after the other, all timesteps of each.

    All there is of x [T], one neuron.

    On a CPU a piece's buffers stay in the processor's cache from one operation to the next, which
    halves the time of large layers.
    """
    if x.dim() == 1:
        return [...]
    samples, values = x.shape[1], x[0, :1].numel()
    if x.device.type != "cpu" or torch.compiler.is_compiling() or not values:
        return [slice(None)]
    size = max(1, PIECE // values)
    return [slice(start, start + size) for start in range(0, samples, size)]


def _buffers(x: Tensor, v: Tensor, p: Dynamics, surrogate: Surrogate) -> list[Tensor]:
    """What the backward pass needs, per element: the surrogate's part, and the reset's."""
    kept = [torch.empty_like(x, dtype=surrogate.kept_dtype(v.dtype))]
    if p.v_reset is not None:
        kept.append(torch.empty_like(x, dtype=torch.bool if p.detach_reset else v.dtype))
    return kept


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, v: Tensor, p: Dynamics, surrogate: Surrogate, wants_h: bool
    ) -> tuple[Tensor, ...]:
        kept = _buffers(x, v, p, surrogate)
        shown = [torch.empty_like(x, dtype=v.dtype)] if wants_h else []
        spikes, v_last = _run(x, v, p, surrogate, kept=kept, shown=shown)
        ctx.save_for_backward(*kept)
        ctx.p, ctx.surrogate, ctx.x_dtype = p, surrogate, x.dtype
        return spikes, v_last, *shown

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grads: Tensor
    ) -> tuple[Tensor, Tensor, None, None, None]:
        refuse_second_derivative()
        g_spikes, g_v, g_shown = grads[0], grads[1].clone(), grads[2:]
        g_x = torch.empty_like(g_spikes, dtype=ctx.x_dtype)
        for n in _pieces(g_spikes):
            parts = [[t[:, n] for t in tensors] for tensors in (ctx.saved_tensors, g_shown)]
            _back_piece(g_spikes[:, n], g_v[n], g_x[:, n], ctx.p, ctx.surrogate, *parts)
        return g_x, g_v, None, None, None


def _back_piece(
    g_spikes: Tensor,
    g_v: Tensor,
    g_x: Tensor,
    p: Dynamics,
    surrogate: Surrogate,
    kept: Sequence[Tensor],
    g_shown: Sequence[Tensor],
) -> None:
    """The backward pass of some samples; writes g_x, and into g_v the gradient of the first v."""
    scratch = torch.empty_like(g_v) if g_x.dtype != g_v.dtype else None
    each = [t.unbind() for t in (g_spikes, g_x, *kept, *g_shown)]
    for g_spikes_t, g_x_t, *kept_t in reversed(list(zip(*each, strict=True))):
        g_h = g_x_t if scratch is None else scratch
        # What reaches S(t): from the layer's output and, if not detached, from the reset.
        if p.v_reset is None and not p.detach_reset:
            through = torch.sub(g_spikes_t.to(g_v.dtype), g_v, alpha=p.threshold)
        else:
            through = g_spikes_t.to(g_v.dtype, copy=True)
        if p.v_reset is not None:
            if p.detach_reset:
                g_v.masked_fill_(kept_t[1], 0)
            else:
                h = kept_t[1]
                through.addcmul_(g_v, p.v_reset - h)
                g_v.masked_fill_(h > p.threshold if p.strict else h >= p.threshold, 0)
        torch.add(g_v, surrogate.scale(through, kept_t[0]), out=g_h)
        if g_shown:
            g_h.add_(kept_t[-1])
        torch.mul(g_h, p.decay, out=g_v)
        if p.gain != 1:
            g_h.mul_(p.gain)
        if scratch is not None:
            g_x_t.copy_(scratch)


def in_steps(
    x: Tensor, v: Tensor, p: Dynamics, fire: Callable[[Tensor], Tensor], *, wants_h: bool
) -> Scanned:
    """The recurrence, one operation after the other, all of which autograd sees.

    Args:
        x: input [T, N, ...].
        v: membrane after the last reset [N, ...].
        p: the constants; what the reset subtracts is their threshold, whatever fires.
        fire: from H [N, ...] of a timestep to its spikes.
        wants_h: whether H is wanted too.
    """
    spikes, shown = [], []
    for x_t in x.unbind():
        # The same operations as in `_run`, so that the membranes are the same to the last bit.
        if p.gain == 1:
            h = torch.add(x_t, v, alpha=p.decay)
        else:
            h = (v * p.decay).add(x_t, alpha=p.gain)
        if p.offset:
            h = h + p.offset
        s = fire(h)
        r = s.detach() if p.detach_reset else s
        v = h.sub(r, alpha=p.threshold) if p.v_reset is None else (1 - r) * h + r * p.v_reset
        spikes.append(s)
        if wants_h:
            shown.append(h)
    fired = torch.stack(spikes).to(type_of_spikes(x, v))
    return Scanned(fired, v, torch.stack(shown) if wants_h else None)


def lif_scan(
    x: Tensor, v: Tensor, dynamics: Dynamics, surrogate: Surrogate, *, wants_h: bool = False
) -> Scanned:
    """Run the recurrence over x from membrane potential v.

    Args:
        x: input [T, N, ...].
        v: membrane after the last reset [N, ...].
        dynamics: the constants.
        surrogate: gradient of the spike.
        wants_h: whether H is wanted too: one more tensor like x, of the membrane's type.
    Raises: UsageError: no timestep, or a v of another shape or less precise than the membrane of x;
        in the backward pass: create_graph=True.
    """
    check_state(x[0], v)
    grad = torch.is_grad_enabled()
    surrogate = surrogate.current()
    if type(surrogate).spike is not Surrogate.spike or (grad and is_trained(surrogate)):

        def fire(h: Tensor) -> Tensor:
            return surrogate.spike(dynamics.firing(h - dynamics.threshold))

        return in_steps(x, v, dynamics, fire, wants_h=wants_h)
    if triton_scan.takes(x, v, surrogate):
        return Scanned(*triton_scan.scan(x, v, dynamics, surrogate, wants_h=wants_h))
    if grad and (x.requires_grad or v.requires_grad):
        scanned: Any = _Scan.apply(x, v, dynamics, surrogate, wants_h)
        return Scanned(*scanned)
    shown = [torch.empty_like(x, dtype=v.dtype)] if wants_h else []
    return Scanned(*_run(x, v, dynamics, surrogate, shown=shown), *shown)
