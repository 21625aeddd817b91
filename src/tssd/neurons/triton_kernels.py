"""The scan and its backward pass as Triton kernels: each thread takes its neurons through all T.

A membrane stays in a register from one timestep to the next, so that every input is read once and
every spike written once. The recurrence is that of `tssd.neurons.scan`.

Sequences are [T, n], with all steps in the same order and dense. T is an argument and no constant:
one binary serves every number of timesteps. The neuron's constants are compiled in: so they are
exact for every type of membrane, and no leak or no offset costs nothing.

What the backward pass needs is either `bits`, a byte per element whose bit 0 says that H is inside
the rectangular window and bit 1 that the neuron fired, or H, from which it has everything.

Needs triton: imported by `tssd.neurons.triton_ops` alone, when it first runs.
"""

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["steps"])
def forward(
    x,  # [T, n], x_step elements from one step to the next: 0 for an image repeated as a view
    v,  # [n]
    spikes,  # [T, n], as are all that are written
    v_last,  # [n]
    bits,  # [T, n], or None
    shown,  # [T, n], filled with H; or None
    n,
    steps,
    x_step,
    DECAY: tl.constexpr,
    GAIN: tl.constexpr,
    OFFSET: tl.constexpr,
    THRESHOLD: tl.constexpr,
    V_RESET: tl.constexpr,  # None = soft
    STRICT: tl.constexpr,
    WIDTH: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Spikes, the last membrane, and what is kept of them."""
    # 64 bits: T n may exceed 2^31.
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    here = i < n
    m = tl.load(v + i, mask=here, other=0.0)
    decay = tl.full((), DECAY, m.dtype)
    gain = tl.full((), GAIN, m.dtype)
    for t in range(steps):
        at = tl.cast(t, tl.int64)
        x_t = tl.load(x + at * x_step + i, mask=here, other=0.0).to(m.dtype)
        # Fused as torch.add(alpha=) fuses them, so that spikes are those of the scan in PyTorch.
        h = tl.fma(m, decay, x_t) if GAIN == 1 else tl.fma(x_t, gain, m * decay)
        if OFFSET != 0:
            h = h + OFFSET
        fired = h > THRESHOLD if STRICT else h >= THRESHOLD
        if bits is not None:
            inside = tl.abs(h - THRESHOLD) < WIDTH / 2
            both = inside.to(tl.uint8) | (fired.to(tl.uint8) << 1)
            tl.store(bits + at * n + i, both, mask=here)
        if shown is not None:
            tl.store(shown + at * n + i, h, mask=here)
        if V_RESET is None:
            m = tl.where(fired, h - THRESHOLD, h)
        else:
            m = tl.where(fired, tl.full((), V_RESET, m.dtype), h)
        # The last spikes are NaN where the membrane is NaN or infinite: 0 NaN = NaN.
        s = fired.to(m.dtype) + tl.where(at == steps - 1, m * 0.0, 0.0)
        tl.store(spikes + at * n + i, s, mask=here)
    tl.store(v_last + i, m, mask=here)


@triton.jit(do_not_specialize=["steps"])
def backward(
    g_spikes,  # [T, n], g_spikes_step elements from one step to the next; None = 0, as below
    g_v,  # [n], of the last membrane
    g_shown,  # [T, n], of H; g_shown_step elements from one step to the next
    bits,  # [T, n]; or None, and then
    h,  # [T, n]
    g_x,  # [T, n]
    g_v0,  # [n], of the first membrane; or None
    n,
    steps,
    g_spikes_step,
    g_shown_step,
    DECAY: tl.constexpr,
    GAIN: tl.constexpr,
    THRESHOLD: tl.constexpr,
    V_RESET: tl.constexpr,
    DETACH_RESET: tl.constexpr,
    STRICT: tl.constexpr,
    SURROGATE: tl.constexpr,
    WIDTH: tl.constexpr,
    DOUBLE: tl.constexpr,  # the membrane's type: float64, or float32
    BLOCK: tl.constexpr,
):
    """Gradients of the input and of the first membrane."""
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    here = i < n
    dtype = tl.float64 if DOUBLE else tl.float32
    if g_v is not None:
        g_m = tl.load(g_v + i, mask=here, other=0.0).to(dtype)
    else:
        g_m = tl.full((BLOCK,), 0.0, dtype)
    for step in range(steps):
        at = tl.cast(steps - 1 - step, tl.int64)
        # What reaches S(t): from the layer's output and, if not detached, from the reset.
        if g_spikes is not None:
            through = tl.load(g_spikes + at * g_spikes_step + i, mask=here, other=0.0).to(dtype)
        else:
            through = tl.full((BLOCK,), 0.0, dtype)
        if bits is not None:
            both = tl.load(bits + at * n + i, mask=here, other=0)
            fired = (both & 2) != 0
            slope = (both & 1).to(dtype) * (1 / WIDTH)
        else:
            h_t = tl.load(h + at * n + i, mask=here, other=0.0)
            fired = h_t > THRESHOLD if STRICT else h_t >= THRESHOLD
            slope = derivative(h_t - THRESHOLD, SURROGATE, WIDTH)
            if V_RESET is not None and not DETACH_RESET:
                through = through + g_m * (V_RESET - h_t)
        if V_RESET is not None:
            g_m = tl.where(fired, 0.0, g_m)
        elif not DETACH_RESET:
            through = through - g_m * THRESHOLD
        g_h = g_m + through * slope
        if g_shown is not None:
            g_h = g_h + tl.load(g_shown + at * g_shown_step + i, mask=here, other=0.0).to(dtype)
        tl.store(g_x + at * n + i, g_h * GAIN, mask=here)
        g_m = g_h * DECAY
    if g_v0 is not None:
        tl.store(g_v0 + i, g_m, mask=here)


@triton.jit
def derivative(s, SURROGATE: tl.constexpr, WIDTH: tl.constexpr):
    """`Surrogate.derivative` of the class of that name; WIDTH is its width or its slope."""
    a = tl.abs(s)
    if SURROGATE == "Rectangular":
        d = (a < WIDTH / 2).to(s.dtype) * (1 / WIDTH)
    elif SURROGATE == "Triangular":
        d = tl.where(a >= WIDTH, 0.0, (WIDTH - a) * (1 / WIDTH) * (1 / WIDTH))
    elif SURROGATE == "Sigmoid":
        # q (1 - q) is even in s, and without cancellation where s < 0.
        e = tl.exp(a * -WIDTH)
        d = WIDTH * e / ((1.0 + e) * (1.0 + e))
    else:
        tl.static_assert(SURROGATE == "ATan", "no such surrogate")
        z = s * (1.5707963267948966 * WIDTH)
        d = (WIDTH / 2) / (1.0 + z * z)
    return d
