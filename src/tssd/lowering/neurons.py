"""Neurons as recurrences: what each of ours, and SpikingJelly's common ones, become."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tssd.lowering.draft import Wide
from tssd.lowering.traced import Traced
from tssd.neurons import (
    DSRIF,
    DSRLIF,
    GLIF,
    IF,
    LIF,
    MLF,
    MPBNLIF,
    PLIF,
    QCFS,
    Neuron,
    RealSpike,
    SmoothedLIF,
)
from tssd.neurons.lif import LinearIntegrator
from tssd.neurons.mpbn import ThresholdLIF
from tssd.neurons.qcfs import DYNAMICS, START
from tssd.neurons.scan import Dynamics
from tssd.surrogates import Surrogate

Lowered = Callable[[Traced, Any], Traced]

# What decides what a neuron computes: a subclass that has another one of these is not known.
DECISIVE = ("forward", "scan", "scanned", "step", "initial_state", "folded", "_fire")


def fires(
    x: Traced,
    constants: Mapping[str, float | Wide],
    *,
    hard: bool,
    strict: bool = False,
    at: str = "",
) -> Traced:
    """Spikes of one recurrence, see `tssd.graph.ops`.

    Args:
        x: its input.
        constants: decay, input_scale, offset, threshold, initial, and reset_value or subtract;
            each a number, or an array [C].
        hard: whether it resets to reset_value.
        strict: whether it fires above its threshold only.
        at: see `Traced.then`.
    """
    arrays = {k: v for k, v in constants.items() if isinstance(v, np.ndarray) and np.ptp(v)}
    options: dict[str, Any] = {
        k: np.mean(v).item() for k, v in constants.items() if k not in arrays
    }
    options |= {"reset": "hard" if hard else "soft", "fires": "above" if strict else "at"}
    return x.then("lif", arrays=arrays, options=options, at=at)


def integrator(x: Traced, neuron: LinearIntegrator, at: str = "") -> Traced:
    """LIF and IF."""
    _check_surrogate(x, neuron, neuron.surrogate)
    p = neuron.dynamics
    return fires(x, _constants(p), hard=p.v_reset is not None, strict=p.strict, at=at)


def plif(x: Traced, neuron: PLIF) -> Traced:
    """PLIF, its decay as trained."""
    _check_surrogate(x, neuron, neuron.surrogate)
    # As the network has it, which computes it in float32.
    k, rest = neuron.w.sigmoid().item(), neuron.v_reset or 0.0
    dynamics = Dynamics(
        decay=1 - k,
        gain=k if neuron.decay_input else 1.0,
        offset=k * rest,
        threshold=neuron.v_threshold,
        v_reset=neuron.v_reset,
        detach_reset=False,
    )
    return fires(x, _constants(dynamics), hard=neuron.v_reset is not None)


def mlf(x: Traced, neuron: MLF) -> Traced:
    """One recurrence a level, and their sum."""
    spikes: list[Traced] = []
    for number, level in enumerate(neuron.levels):
        assert isinstance(level, LIF)
        spikes.append(integrator(x, level, at=f"levels.{number}"))
    total = spikes[0]
    for number, more in enumerate(spikes[1:], start=2):
        last = number == len(spikes)
        total = total.then("add", more, at="" if last else f"sum{number}")
    return total


def real_spike(x: Traced, neuron: RealSpike) -> Traced:
    """LIF, and the height of each channel's spikes, which folds into the weights behind."""
    height = neuron.scale.detach().double().cpu().numpy()
    height = np.resize(height, x.shape[0]) if len(height) == 1 else height
    return _high(integrator(x, neuron), height)


def dsr(x: Traced, neuron: DSRIF | DSRLIF) -> Traced:
    """Fires at a share of the threshold, of which a spike takes off all; spikes have a height."""
    p, threshold = neuron.dynamics, neuron.v_threshold.detach().clamp(min=neuron.least_threshold)
    v = threshold.double().item()
    constants = {
        "decay": p.decay,
        "input_scale": p.gain,
        "offset": 0.0,
        "threshold": (p.alpha * threshold).item(),
        "initial": 0.0,
        "subtract": v,
    }
    return _high(fires(x, constants, hard=False), np.full(x.shape[0], p.height * v))


def qcfs(x: Traced, neuron: QCFS) -> Traced:
    """From half a threshold; spikes are as high as the threshold."""
    if not neuron.spiking:
        raise x.refusal(neuron, "it does not spike (spiking: false); leave that out")
    if neuron.pre_steps:
        why = f"its first {neuron.pre_steps} timesteps decide which neurons are silent (SRP)"
        raise x.refusal(neuron, f"{why}; train with qcfs, which has the same weights")
    threshold = neuron.threshold()
    own = {"input_scale": threshold.reciprocal().item(), "initial": START}
    spikes = fires(x, _constants(DYNAMICS) | own, hard=False)
    return _high(spikes, np.full(x.shape[0], threshold.double().item()))


def mpbn(x: Traced, neuron: MPBNLIF) -> Traced:
    """A LIF with a threshold for each channel."""
    return _one_sided(x, neuron, *neuron.sides())


def threshold_lif(x: Traced, neuron: ThresholdLIF) -> Traced:
    """What MPBN has been folded into already."""
    return _one_sided(x, neuron, neuron.side.double(), neuron.bound.double())


def _one_sided(x: Traced, neuron: LinearIntegrator, side: Tensor, bound: Tensor) -> Traced:
    """Membranes that fire downwards are turned over: then all fire from a threshold upwards.

    With u = side v, 1[side H >= bound] is 1[G >= bound] for G = decay u + side (gain x + offset).
    """
    _check_surrogate(x, neuron, neuron.surrogate)
    p, channels = neuron.dynamics, x.shape[0]
    sides, bounds = (np.resize(t.cpu().numpy(), channels) for t in (side, bound))
    turned = _constants(p)
    constants: dict[str, float | Wide] = {
        "decay": p.decay,
        "threshold": bounds.astype(np.float64),
    }
    for name in turned.keys() - constants.keys():
        constants[name] = turned[name] * sides.astype(np.float64)
    return fires(x, constants, hard=p.v_reset is not None, strict=p.strict)


def _constants(p: Dynamics) -> dict[str, float]:
    """Of a recurrence in `tssd.neurons.scan`."""
    reset = {"subtract": p.threshold} if p.v_reset is None else {"reset_value": p.v_reset}
    return reset | {
        "decay": p.decay,
        "input_scale": p.gain,
        "offset": p.offset,
        "threshold": p.threshold,
        "initial": p.v_reset or 0.0,
    }


def _high(spikes: Traced, height: Wide) -> Traced:
    if (height == 1).all():
        return spikes
    return spikes.then("affine", arrays={"scale": height, "shift": 0 * height}, at="height")


def _check_surrogate(x: Traced, neuron: nn.Module, surrogate: Surrogate) -> None:
    if type(surrogate.current()).spike is not Surrogate.spike:
        raise x.refusal(
            neuron,
            f"{type(surrogate).__name__} spikes in a way of its own, and not where the membrane "
            "reaches the threshold; train with a surrogate that leaves the spike as it is",
        )


def spikingjelly(x: Traced, neuron: nn.Module) -> Traced:
    """SpikingJelly's IFNode, LIFNode and ParametricLIFNode, whose constants have our names."""
    if neuron in x.reader.remembering:
        raise x.refusal(
            neuron,
            "it is called more than once and has one membrane for all calls, where a graph has "
            "one for each; give every use a neuron of its own",
        )
    x.reader.remembering.add(neuron)
    given: Any = neuron
    k = 0.0
    if hasattr(given, "w"):
        k = given.w.sigmoid().item()
    elif hasattr(given, "tau"):
        k = 1 / float(given.tau)
    v_reset = None if given.v_reset is None else float(given.v_reset)
    dynamics = Dynamics(
        decay=1 - k,
        gain=k if getattr(given, "decay_input", False) else 1.0,
        offset=k * (v_reset or 0.0),
        threshold=float(given.v_threshold),
        v_reset=v_reset,
        detach_reset=False,
    )
    strict = _is_strict(x, neuron)
    return fires(x, _constants(dynamics), hard=v_reset is not None, strict=strict)


def _is_strict(x: Traced, neuron: nn.Module) -> bool:
    """Whether one of SpikingJelly's fires above its threshold only.

    Any function may be its surrogate, and decides the spike as well: what it gives on both sides of
    the threshold tells.
    """
    surrogate: Any = getattr(neuron, "surrogate_function", None)
    if surrogate is None:
        return False
    weight = next(neuron.parameters(), None)
    s = torch.tensor(
        [-2.0, -1e-3, 0.0, 1e-3, 2.0], device=None if weight is None else weight.device
    )
    given = surrogate(s).tolist()
    if given not in ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1]):
        raise x.refusal(
            neuron,
            "its surrogate_function gives something else than 1 from the threshold on and 0 below "
            "it; take one that spikes, such as surrogate.ATan(spiking=True)",
        )
    return given[2] == 0


NEURONS: dict[type[Neuron], Lowered] = {
    LIF: integrator,
    IF: integrator,
    PLIF: plif,
    MLF: mlf,
    MPBNLIF: mpbn,
    ThresholdLIF: threshold_lif,
    RealSpike: real_spike,
    DSRIF: dsr,
    DSRLIF: dsr,
    QCFS: qcfs,
}
WHY_NOT = {
    GLIF: "its gains differ between timesteps and its resets are mixed; train with PLIF or LIF",
    SmoothedLIF: "its membrane remembers the one before it as well; train with PLIF or LIF",
}
# Found by name, so that the library is not imported.
THEIRS = ("IFNode", "LIFNode", "ParametricLIFNode")


def known_neuron(part: nn.Module) -> Lowered | None:
    """What lowers a neuron; None = it is not known."""
    kind = type(part)
    if kind.__module__.startswith("spikingjelly.") and kind.__name__ in THEIRS:
        return spikingjelly
    for parent in kind.__mro__:
        if parent in NEURONS:
            same = all(getattr(kind, n, None) is getattr(parent, n, None) for n in DECISIVE)
            return NEURONS[parent] if same else None
    return None


def why_unknown(part: nn.Module) -> str | None:
    """Why a neuron, or what stands in the place of one, has no operation; None = it is none."""
    for kind, why in WHY_NOT.items():
        if isinstance(part, kind):
            return why
    if isinstance(part, Neuron):
        known = ", ".join(kind.__name__ for kind in NEURONS)
        return f"it is no neuron that a graph knows, expected {known}; train with one of these"
    if isinstance(part, nn.ReLU | nn.GELU | nn.SiLU | nn.LeakyReLU):
        return "it does not spike; train the network with neurons that do, such as LIF"
    if hasattr(part, "v_threshold") or hasattr(part, "threshold"):
        return (
            "of other libraries' neurons a graph knows SpikingJelly's IFNode, LIFNode and "
            "ParametricLIFNode; train with one of these, or with tssd's"
        )
    return None
