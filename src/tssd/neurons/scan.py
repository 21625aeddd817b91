"""The leaky integrate-and-fire recurrence over a whole sequence, with a lean backward pass.

    H(t) = decay V(t-1) + gain x(t) + offset          charge
    S(t) = 1[H(t) >= threshold]                       fire
    V(t) = H(t) - threshold S(t)                      soft reset
    V(t) = H(t) + (v_reset - H(t)) S(t)               hard reset

Autograd would keep several tensors a step. This keeps, per element, what the surrogate's
derivative needs (one byte if it is rectangular), and for the hard reset one byte for the spike
when the reset is detached, or H itself when it is not.

A comparison swallows NaN: S(t) would be 0, as if the neuron were silent. A membrane that is NaN
stays NaN to the end, so the last spikes say it: they are NaN where the membrane is NaN or infinite.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tssd.errors import UsageError
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
    # Slices are taken once: x[t] in the loop would cost small layers as much as the arithmetic.
    slices = zip(x.unbind(), spikes.unbind(), *(k.unbind() for k in kept), strict=True)
    for x_t, spikes_t, *kept_t in slices:
        if p.gain == 1:
            torch.add(x_t, v, alpha=p.decay, out=v)
        else:
            v.mul_(p.decay).add_(x_t, alpha=p.gain)
        if p.offset:
            v.add_(p.offset)
        torch.ge(v, p.threshold, out=spikes_t)
        if kept:
            p.surrogate.compress(v - p.threshold, kept_t[0])
            if p.v_reset is not None:
                kept_t[1].copy_(spikes_t if p.detach_reset else v)
        if p.v_reset is None:
            v.sub_(spikes_t, alpha=p.threshold)
        else:
            v.masked_fill_(spikes_t.bool(), p.v_reset)
    if spikes.is_floating_point():
        spikes[-1].add_(v, alpha=0)  # 0 NaN = NaN, at the price of one operation for all T
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
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grads: Tensor
    ) -> tuple[Tensor, Tensor, None]:
        # With create_graph=True the engine records what happens here; nothing below can be.
        if torch.is_grad_enabled():
            raise UsageError(
                "create_graph: got True, but a spike has no second derivative here, so a gradient "
                "penalty or a Hessian would have no effect; take the first gradient only, or "
                "write the penalty on what stands in front of the first neuron"
            )
        g_spikes, g_v = grads[0], grads[1].clone()
        p, kept = ctx.p, ctx.saved_tensors
        g_h = torch.empty_like(g_spikes, dtype=g_v.dtype)
        slices = zip(g_spikes.unbind(), g_h.unbind(), *(k.unbind() for k in kept), strict=True)
        for g_spikes_t, g_h_t, *kept_t in reversed(list(slices)):
            # What reaches S(t): from the layer's output and, if not detached, from the reset.
            if p.v_reset is None and not p.detach_reset:
                through = torch.sub(g_spikes_t, g_v, alpha=p.threshold)
            else:
                through = g_spikes_t.to(g_v.dtype, copy=True)
            if p.v_reset is not None:
                if p.detach_reset:
                    g_v.masked_fill_(kept_t[1], 0)
                else:
                    h = kept_t[1]
                    through.addcmul_(g_v, p.v_reset - h)
                    g_v.masked_fill_(h >= p.threshold, 0)
            torch.add(g_v, p.surrogate.scale(through, kept_t[0]), out=g_h_t)
            torch.mul(g_h_t, p.decay, out=g_v)
        g_x = g_h if p.gain == 1 else g_h.mul_(p.gain)
        return g_x.to(ctx.x_dtype), g_v, None


def check_sequence(x: Tensor) -> None:
    """Refuse what no neuron can run on.

    Raises: UsageError: no timestep, or values that can't be added up.
    """
    if x.dim() and x.shape[0] and x.dtype != torch.bool and not x.is_complex():
        return
    raise UsageError(
        f"input: got {str(x.dtype).removeprefix('torch.')} of shape {list(x.shape)}, expected real "
        "numbers [T, N, ...] of at least one timestep; x.float() makes them of events"
    )


def _check(x: Tensor, v: Tensor) -> None:
    """PyTorch would resize or round where they do not match, and go on."""
    least = torch.promote_types(x.dtype, torch.float32)
    if v.shape != x.shape[1:] or torch.promote_types(v.dtype, least) != v.dtype:
        raise UsageError(
            f"state: got a membrane {list(v.shape)} of {v.dtype}, but the input has samples "
            f"{list(x.shape[1:])} of {x.dtype} and needs {least} at least; start a batch of "
            "another size with neuron.initial_state(x_t)"
        )


def lif_scan(x: Tensor, v: Tensor, dynamics: Dynamics) -> tuple[Tensor, Tensor]:
    """Run the recurrence over x from membrane potential v.

    Shapes: x [T, N, ...], v [N, ...] -> spikes [T, N, ...] and the last membrane [N, ...].
    Raises: UsageError: no timestep, or a v of another shape or less precise than the membrane of x;
        in the backward pass: create_graph=True.
    """
    _check(x, v)
    if torch.is_grad_enabled() and (x.requires_grad or v.requires_grad):
        return _Scan.apply(x, v, dynamics)  # pyright: ignore[reportReturnType]
    return _run(x, v, dynamics)
