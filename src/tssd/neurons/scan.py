"""The leaky integrate-and-fire recurrence over a whole sequence, with a lean backward pass.

    H(t) = decay V(t-1) + gain x(t) + offset          charge
    S(t) = 1[H(t) >= threshold]                       fire
    V(t) = H(t) - threshold S(t)                      soft reset
    V(t) = H(t) + (v_reset - H(t)) S(t)               hard reset

Autograd would keep several tensors a step. This keeps, per element, what the surrogate's
derivative needs (one byte if it is rectangular), and for the hard reset one byte for the spike
when the reset is detached, or H itself when it is not.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tssd.surrogates import Surrogate


class Dynamics(NamedTuple):
    """Constants of the recurrence above, in units of the membrane potential.

    v_reset is None for the soft reset. detach_reset cuts the gradient through S(t) in the reset.
    """

    decay: float
    gain: float
    offset: float
    threshold: float
    v_reset: float | None
    detach_reset: bool
    surrogate: Surrogate


def _run(x: Tensor, v: Tensor, p: Dynamics, kept: Sequence[Tensor] = ()) -> tuple[Tensor, Tensor]:
    """The recurrence; fills `kept` (see `_buffers`) for a backward pass if it is given.

    In place on one step's buffers, which stay in the processor's cache.
    """
    spikes = torch.empty_like(x)
    v = v.clone()
    for t in range(x.shape[0]):
        if p.decay != 1:
            v.mul_(p.decay)
        v.add_(x[t], alpha=p.gain)
        if p.offset:
            v.add_(p.offset)
        torch.ge(v, p.threshold, out=spikes[t])
        if kept:
            p.surrogate.compress(v - p.threshold, kept[0][t])
            if p.v_reset is not None:
                kept[1][t] = spikes[t] if p.detach_reset else v
        if p.v_reset is None:
            v.sub_(spikes[t], alpha=p.threshold)
        else:
            v.masked_fill_(spikes[t].bool(), p.v_reset)
    return spikes, v


def _buffers(x: Tensor, v: Tensor, p: Dynamics) -> list[Tensor]:
    """What the backward pass needs, per element: the surrogate's part, and the reset's."""
    kept = [torch.empty_like(x, dtype=p.surrogate.kept_dtype(v.dtype))]
    if p.v_reset is not None:
        kept.append(torch.empty_like(x, dtype=torch.bool if p.detach_reset else v.dtype))
    return kept


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, v: Tensor, p: Dynamics) -> tuple[Tensor, Tensor]:
        kept = _buffers(x, v, p)
        spikes, v_last = _run(x, v, p, kept)
        ctx.save_for_backward(*kept)
        ctx.p, ctx.x_dtype = p, x.dtype
        return spikes, v_last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        g_spikes, g_v = grads[0], grads[1].clone()
        p, kept = ctx.p, ctx.saved_tensors
        g_x = torch.empty_like(g_spikes, dtype=ctx.x_dtype)
        for t in range(g_spikes.shape[0] - 1, -1, -1):
            through = g_spikes[t].to(g_v.dtype, copy=True)  # gradient that reaches S(t)
            if p.v_reset is None:
                if not p.detach_reset:
                    through.sub_(g_v, alpha=p.threshold)
            elif p.detach_reset:
                g_v.masked_fill_(kept[1][t], 0)
            else:
                h = kept[1][t]
                through.addcmul_(g_v, p.v_reset - h)
                g_v.masked_fill_(h >= p.threshold, 0)
            g_v.add_(p.surrogate.scale(through, kept[0][t]))  # now the gradient of H(t)
            torch.mul(g_v, p.gain, out=g_x[t]) if p.gain != 1 else g_x[t].copy_(g_v)
            if p.decay != 1:
                g_v.mul_(p.decay)
        return g_x, g_v, None


def lif_scan(x: Tensor, v: Tensor, dynamics: Dynamics) -> tuple[Tensor, Tensor]:
    """Run the recurrence over x from membrane potential v.

    Shapes: x [T, N, ...], v [N, ...] -> spikes [T, N, ...] and the last membrane [N, ...].
    """
    if torch.is_grad_enabled() and (x.requires_grad or v.requires_grad):
        return _Scan.apply(x, v, dynamics)  # pyright: ignore[reportReturnType]
    return _run(x, v, dynamics)
