"""Integrate-and-fire neurons, with (LIF) and without (IF) leak."""

import math
from typing import NamedTuple

from torch import Tensor

from tssd.errors import UsageError
from tssd.neurons import membranes
from tssd.neurons.base import Neuron, check_sequence, membrane_like
from tssd.neurons.scan import Dynamics, Scanned, lif_scan
from tssd.surrogates import Rectangular, Surrogate, for_neuron


class LIFState(NamedTuple):
    """Membrane potential after the reset, v [N, ...]."""

    v: Tensor


def check_threshold(threshold: float, v_reset: float | None) -> None:
    """Refuse a neuron that could never fire, or would for ever.

    Raises: UsageError: threshold <= 0 or v_reset >= threshold, or not finite.
    """
    if not (threshold > 0 and math.isfinite(threshold)):
        raise UsageError(f"v_threshold: got {threshold}, expected a finite potential > 0")
    if v_reset is not None and not -math.inf < v_reset < threshold:
        raise UsageError(
            f"v_reset: got {v_reset}, expected less than v_threshold = {threshold} and finite, "
            "or the neuron fires for ever; None is the soft reset"
        )


class LinearIntegrator(Neuron):
    """A neuron whose membrane is linear between spikes: what LIF and IF share.

    Args:
        dynamics: the constants of the recurrence in `tssd.neurons.scan`.
        surrogate: gradient of the spike.
    Shapes: [T, N, ...] -> spikes [T, N, ...] in {0, 1}.
    Raises: UsageError: v_threshold <= 0 or v_reset >= v_threshold.
    """

    def __init__(self, dynamics: Dynamics, surrogate: Surrogate) -> None:
        super().__init__()
        check_threshold(dynamics.threshold, dynamics.v_reset)
        self.dynamics = dynamics
        self.surrogate = for_neuron(surrogate)

    @property
    def v_threshold(self) -> float:
        """Potential at which the neuron fires, for norms that scale currents by it."""
        return self.dynamics.threshold

    @v_threshold.setter
    def v_threshold(self, value: float) -> None:
        """Another one, for layers that fire sooner. Raises: UsageError: as the constructor."""
        check_threshold(value, self.dynamics.v_reset)
        self.dynamics = self.dynamics._replace(threshold=value)

    def initial_state(self, x_t: Tensor) -> LIFState:
        """Membrane at v_reset (0 for the soft reset); float32 at least, see `scan`."""
        return LIFState(membrane_like(x_t, self.dynamics.v_reset or 0.0))

    def scan(self, x: Tensor, state: LIFState | None = None) -> tuple[Tensor, LIFState]:
        """All timesteps from `state`. Under autocast the membrane still adds up in float32."""
        check_sequence(x)
        state = self.initial_state(x[0]) if state is None else state
        spikes, v, h = self.scanned(x, state.v, wants_h=membranes.is_recorded(self))
        if h is not None:
            self.show_membranes(h)
        return spikes, LIFState(v)

    def scanned(self, x: Tensor, v: Tensor, *, wants_h: bool) -> Scanned:
        """The recurrence over x [T, N, ...] from v [N, ...]; H as well if it is wanted."""
        return lif_scan(x, v, self.dynamics, self.surrogate, wants_h=wants_h)

    def extra_repr(self) -> str:
        """Show the constants in print(net)."""
        shown = self.dynamics._asdict()
        if "surrogate" not in self._modules:
            shown["surrogate"] = self.surrogate
        return ", ".join(f"{k}={v}" for k, v in shown.items())


class LIF(LinearIntegrator):
    """Leaky integrate-and-fire; the defaults are the paper's.

    Args:
        tau: membrane time constant in timesteps, > 1; the potential decays by 1 - 1/tau a step.
        v_threshold: potential at which the neuron fires.
        v_reset: potential after a spike (hard reset), or None to subtract v_threshold (soft).
        decay_input: whether the input is scaled by 1/tau.
        detach_reset: whether the reset passes no gradient.
        strict: whether it fires above v_threshold only, and not at it.
        surrogate: gradient of the spike; None = rectangular of width 1.
    Raises: UsageError: tau <= 1, or infinite with decay_input, v_threshold <= 0 or v_reset >=
        v_threshold.
    Source: TSSD, arXiv 2406.07862, eq. 1-4. Names and dynamics follow SpikingJelly's LIFNode.
    """

    def __init__(
        self,
        tau: float = 2.0,
        v_threshold: float = 1.0,
        *,
        v_reset: float | None = None,
        decay_input: bool = False,
        detach_reset: bool = False,
        strict: bool = False,
        surrogate: Surrogate | None = None,
    ) -> None:
        if not tau > 1:
            raise UsageError(f"tau: got {tau}, expected a time constant > 1 timestep; IF has none")
        if decay_input and math.isinf(tau):
            raise UsageError(
                "tau: got inf with decay_input, which leaves nothing of the input; give a finite "
                "one, or decay_input=False"
            )
        super().__init__(
            Dynamics(
                decay=1 - 1 / tau,
                gain=1 / tau if decay_input else 1.0,
                offset=(v_reset or 0.0) / tau,
                threshold=v_threshold,
                v_reset=v_reset,
                detach_reset=detach_reset,
                strict=strict,
            ),
            Rectangular() if surrogate is None else surrogate,
        )


class IF(LinearIntegrator):
    """Integrate-and-fire: no leak.

    Args:
        v_threshold: potential at which the neuron fires.
        v_reset: potential after a spike (hard reset), or None to subtract v_threshold (soft).
        detach_reset: whether the reset passes no gradient.
        surrogate: gradient of the spike; None = rectangular of width 1.
    Raises: UsageError: v_threshold <= 0 or v_reset >= v_threshold.
    """

    def __init__(
        self,
        v_threshold: float = 1.0,
        *,
        v_reset: float | None = None,
        detach_reset: bool = False,
        surrogate: Surrogate | None = None,
    ) -> None:
        super().__init__(
            Dynamics(
                decay=1.0,
                gain=1.0,
                offset=0.0,
                threshold=v_threshold,
                v_reset=v_reset,
                detach_reset=detach_reset,
            ),
            Rectangular() if surrogate is None else surrogate,
        )
