"""The scan on CUDA: when the Triton kernels take it, and its backward pass in autograd.

They keep, per element, one byte if the surrogate is rectangular, and H if it is not or if a hard
reset passes its gradient: never more than the scan in PyTorch.

The environment variable TSSD_TRITON=0 turns them off. Under TRITON_INTERPRET=1 they take tensors on
the CPU too, in Triton's interpreter. Why so: docs/adr/0023.
"""

import importlib.util
import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tssd.errors import UsageError
from tssd.neurons.triton_ops import lif_backward, lif_forward
from tssd.surrogates import ATan, Rectangular, Sigmoid, Surrogate, Triangular
from tssd.surrogates.spike import refuse_second_derivative

if TYPE_CHECKING:
    from tssd.neurons.scan import Dynamics

SWITCH = "TSSD_TRITON"
# The surrogates that the kernels know, and the one number of each. A subclass is not known.
_KNOWN: dict[type[Surrogate], str] = {
    Rectangular: "width",
    Triangular: "width",
    Sigmoid: "slope",
    ATan: "slope",
}
_DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
_INSTALLED = importlib.util.find_spec("triton") is not None

log = logging.getLogger("tssd")


def takes(x: Tensor, v: Tensor, surrogate: Surrogate) -> bool:
    """Whether the kernels run this scan: on CUDA, of known types and surrogate, not turned off.

    Raises: UsageError: TSSD_TRITON is neither 0 nor 1.
    """
    interpreted = x.device.type == "cpu" and os.environ.get("TRITON_INTERPRET") == "1"
    if not (x.is_cuda or interpreted) or v.device != x.device:
        return False
    if type(surrogate) not in _KNOWN or x.dtype not in _DTYPES or v.dtype not in _DTYPES:
        return False
    switch = os.environ.get(SWITCH, "1")
    if switch not in ("0", "1"):
        raise UsageError(f"{SWITCH}: got {switch!r}, expected 1 (the default) or 0 (no kernels)")
    # Nothing can be tried while a graph is traced; what compiles it needs a working triton itself.
    return switch == "1" and (_INSTALLED if torch.compiler.is_compiling() else works_on(x.device))


@cache
def works_on(device: torch.device) -> bool:
    """Whether the kernels run on a device: tried once a process, and if not, the log says so.

    Besides the package that takes a C compiler and a GPU that Triton knows.
    """
    if not _INSTALLED:
        reason = "triton is not installed"
    else:
        try:
            x = torch.zeros(1, 1, device=device)
            lif_forward(x, x[0], 0.5, 1.0, 0.0, 1.0, None, False, False, 1.0, True, False)
            return True
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # of Triton, of its compiler or of the driver
            reason = f"Triton fails: {(str(error).strip() or repr(error)).splitlines()[-1]}"
    log.warning(
        "neurons: %s; on %s they run as many small operations instead of one kernel, which is "
        "slower (%s=0 silences this)",
        reason,
        device,
        SWITCH,
    )
    return False


def scan(
    x: Tensor, v: Tensor, p: "Dynamics", surrogate: Surrogate, *, wants_h: bool
) -> tuple[Tensor, ...]:
    """What `lif_scan` gives, where `takes` says yes: spikes, the last membrane, and H if wanted."""
    if torch.is_grad_enabled() and (x.requires_grad or v.requires_grad):
        scanned: Any = _Scan.apply(x, v, p, surrogate, wants_h)
        return scanned
    return tuple(lif_forward(x, v, *p, _number(surrogate), False, wants_h))


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, v: Tensor, p: "Dynamics", surrogate: Surrogate, wants_h: bool
    ) -> tuple[Tensor, ...]:
        bits = type(surrogate) is Rectangular and (p.v_reset is None or p.detach_reset)
        wanted = {"bits": bits, "h": wants_h or not bits}
        spikes, v_last, *kept = lif_forward(x, v, *p, _number(surrogate), **wanted)
        ctx.save_for_backward(kept[0])
        ctx.set_materialize_grads(False)  # the last membrane hardly ever has a gradient
        ctx.p, ctx.surrogate = p, surrogate
        ctx.x_dtype, ctx.v_dtype = x.dtype, v.dtype
        return (spikes, v_last, kept[-1]) if wants_h else (spikes, v_last)

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, g_spikes: Tensor | None, g_v: Tensor | None, g_shown: Tensor | None = None
    ) -> tuple[Tensor | None, ...]:
        refuse_second_derivative()
        (kept,) = ctx.saved_tensors
        name, number = type(ctx.surrogate).__name__, _number(ctx.surrogate)
        by_v = ctx.needs_input_grad[1]
        g_x, *g_v0 = lif_backward(
            g_spikes, g_v, g_shown, kept, *ctx.p, name, number, ctx.x_dtype, ctx.v_dtype, by_v
        )
        return g_x, g_v0[0] if by_v else None, None, None, None


def _number(surrogate: Surrogate) -> float:
    return getattr(surrogate, _KNOWN[type(surrogate)])
