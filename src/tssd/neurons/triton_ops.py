"""The two Triton kernels of the scan as operators of PyTorch: layouts, memory, launches.

`tssd::lif_forward` and `tssd::lif_backward` are opaque to torch.compile and to graphs, and say what
they return without running. Nothing they are given is changed, and all they return is new.

A step [N, ...] of a sequence has to be dense, in the usual order or in channels_last; sequences are
read from wherever their steps start, so that an image repeated in time as a view is not written
out. Anything else is copied first.
"""

from typing import Any

import torch
from torch import Tensor

# Neurons of one program: 8 a thread, so that a thread reads 16 bytes at a time whatever the type.
BLOCK = 1024

# The fields of `tssd.neurons.scan.Dynamics`.
_DYNAMICS = (
    "float decay, float gain, float offset, float threshold, float? v_reset, bool detach_reset, "
    "bool strict"
)


@torch.library.custom_op(
    "tssd::lif_forward",
    mutates_args=(),
    schema=f"(Tensor x, Tensor v, {_DYNAMICS}, float width, bool bits, bool h) -> Tensor[]",
)
def lif_forward(
    x: Tensor,
    v: Tensor,
    decay: float,
    gain: float,
    offset: float,
    threshold: float,
    v_reset: float | None,
    detach_reset: bool,
    strict: bool,
    width: float,
    bits: bool,
    h: bool,
) -> list[Tensor]:
    """Run the recurrence.

    Args:
        x: input [T, N, ...].
        v: first membrane [N, ...].
        width: of the rectangular surrogate, for its bits.
        bits: whether they are wanted.
        h: whether H is wanted.
    Shapes: -> spikes [T, N, ...], the last membrane [N, ...], and what else is wanted, like x.
    """
    from tssd.neurons import triton_kernels

    order = _order(x)
    outputs = _forward_outputs(x, v, bits, h)
    if not v.numel():
        return outputs
    x, v = _in_order(x, order), v.contiguous(memory_format=order)
    _launch(
        triton_kernels.forward,
        v,
        [
            x,
            v,
            outputs[0],
            outputs[1],
            outputs[2] if bits else None,
            outputs[-1] if h else None,
            v.numel(),
            len(x),
            x.stride(0),
            decay,
            gain,
            offset,
            threshold,
            v_reset,
            strict,
            width,
        ],
    )
    return outputs


@lif_forward.register_fake
def _(x: Tensor, v: Tensor, *others: Any) -> list[Tensor]:
    return _forward_outputs(x, v, *others[-2:])


@torch.library.custom_op(
    "tssd::lif_backward",
    mutates_args=(),
    schema=f"(Tensor? g_spikes, Tensor? g_v, Tensor? g_shown, Tensor kept, {_DYNAMICS}, "
    "str surrogate, float number, ScalarType x_dtype, ScalarType v_dtype, bool by_v) -> Tensor[]",
)
def lif_backward(
    g_spikes: Tensor | None,
    g_v: Tensor | None,
    g_shown: Tensor | None,
    kept: Tensor,
    decay: float,
    gain: float,
    offset: float,
    threshold: float,
    v_reset: float | None,
    detach_reset: bool,
    strict: bool,
    surrogate: str,
    number: float,
    x_dtype: torch.dtype,
    v_dtype: torch.dtype,
    by_v: bool,
) -> list[Tensor]:
    """Run the recurrence's gradient, from the last step to the first.

    Args:
        g_spikes: gradient of the spikes [T, N, ...]; None = 0, as for the next two.
        g_v: gradient of the last membrane [N, ...].
        g_shown: gradient of H [T, N, ...].
        kept: bits (uint8) or H, from `lif_forward` [T, N, ...].
        surrogate: name of its class.
        number: its width or slope.
        x_dtype: type of the input.
        v_dtype: type of the membrane.
        by_v: whether the gradient by the first membrane is wanted.
    Shapes: -> gradient of x [T, N, ...] and, if wanted, of the first v [N, ...].
    """
    from tssd.neurons import triton_kernels

    order, of_bits = _order(kept), kept.dtype == torch.uint8
    outputs = _backward_outputs(kept, x_dtype, v_dtype, by_v)
    if not kept.numel():
        return outputs
    g_spikes = None if g_spikes is None else _in_order(g_spikes, order)
    g_v = None if g_v is None else g_v.contiguous(memory_format=order)
    g_shown = None if g_shown is None else _in_order(g_shown, order)
    _launch(
        triton_kernels.backward,
        kept[0],
        [
            g_spikes,
            g_v,
            g_shown,
            kept if of_bits else None,
            None if of_bits else kept,
            outputs[0],
            outputs[1] if by_v else None,
            kept[0].numel(),
            len(kept),
            0 if g_spikes is None else g_spikes.stride(0),
            0 if g_shown is None else g_shown.stride(0),
            decay,
            gain,
            threshold,
            v_reset,
            detach_reset,
            strict,
            surrogate,
            number,
            v_dtype == torch.float64,
        ],
    )
    return outputs


@lif_backward.register_fake
def _(g_spikes: Any, g_v: Any, g_shown: Any, kept: Tensor, *others: Any) -> list[Tensor]:
    return _backward_outputs(kept, *others[-3:])


def _forward_outputs(x: Tensor, v: Tensor, bits: bool, h: bool) -> list[Tensor]:
    order = _order(x)
    others = [torch.uint8] * bits + [v.dtype] * h
    spikes, *kept = (_sequence(x, order, dtype) for dtype in [x.dtype, *others])
    return [spikes, torch.empty_like(v, memory_format=order), *kept]


def _backward_outputs(
    kept: Tensor, x_dtype: torch.dtype, v_dtype: torch.dtype, by_v: bool
) -> list[Tensor]:
    order = _order(kept)
    g_x = _sequence(kept, order, x_dtype)
    return [g_x, torch.empty_like(kept[0], dtype=v_dtype, memory_format=order)] if by_v else [g_x]


def _order(x: Tensor) -> torch.memory_format:
    """How the elements of a step [N, ...] lie, or are to be laid, in memory."""
    x_t = x[0]
    last = x_t.dim() == 4 and x_t.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last and not x_t.is_contiguous() else torch.contiguous_format


def _sequence(like: Tensor, order: torch.memory_format, dtype: torch.dtype) -> Tensor:
    """A new [T, N, ...], in memory one step after the other."""
    if order == torch.contiguous_format:
        return torch.empty(like.shape, dtype=dtype, device=like.device)
    _, n, c, h, w = like.shape
    strides = (n * c * h * w, c * h * w, 1, w * c, c)
    return torch.empty_strided(like.shape, strides, dtype=dtype, device=like.device)


def _in_order(x: Tensor, order: torch.memory_format) -> Tensor:
    """The same sequence with dense steps: itself if they are so, wherever each of them starts."""
    if x[0].is_contiguous(memory_format=order):
        return x
    return _sequence(x, order, x.dtype).copy_(x)


def _launch(kernel: Any, step: Tensor, arguments: list[Any]) -> None:
    """One program for every BLOCK elements of a step, on the device that it is on."""
    programs = -(-step.numel() // BLOCK)
    with torch.cuda.device_of(step):
        kernel[(programs,)](*arguments, BLOCK=BLOCK)
