"""Membrane potential smoothing: a LIF whose membrane changes less from step to step."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons.base import Neuron, check_state, type_of_spikes
from tssd.neurons.lif import LIF
from tssd.surrogates import Surrogate


class SmoothedState(NamedTuple):
    """Membrane after the reset, and smoothed before it, [N, ...]; timesteps seen."""

    v: Tensor
    h: Tensor
    steps: int


class SmoothedLIF(LIF):
    """LIF with one trained number w for all neurons of a layer, by which it is smoothed.

        H(t) = decay V(t-1) + gain x(t) + offset       charge
        H'(t) = a H'(t-1) + (1 - a) H(t), a = sigmoid(w); H'(1) = H(1)
        S(t) = 1[H'(t) >= threshold], or > if strict   fire

    and LIF's resets, of H'. A reconstruction: no code was to be had. w takes no weight decay.

    Args:
        tau: membrane time constant in timesteps, > 1; the potential decays by 1 - 1/tau a step.
        v_threshold: potential at which the neuron fires.
        v_reset: potential after a spike (hard reset), or None to subtract v_threshold (soft).
        decay_input: whether the input is scaled by 1/tau.
        detach_reset: whether the reset passes no gradient.
        strict: whether it fires above v_threshold only, and not at it.
        surrogate: gradient of the spike; None = rectangular of width 1.
        smoothing: a to begin with, between 0 and 1.
    Shapes: [T, N, ...] -> spikes [T, N, ...] in {0, 1}.
    Raises: UsageError: as LIF; smoothing that is not between 0 and 1.
    Source: Ding et al. 2025, arXiv 2502.14218 (ICLR), figure 2; the first a, the first timestep and
        what is reset are ours.
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
        smoothing: float = 0.5,
    ) -> None:
        super().__init__(
            tau,
            v_threshold,
            v_reset=v_reset,
            decay_input=decay_input,
            detach_reset=detach_reset,
            strict=strict,
            surrogate=surrogate,
        )
        if not 0 < smoothing < 1:
            raise UsageError(f"smoothing: got {smoothing}, expected a share between 0 and 1")
        self.w = nn.Parameter(torch.tensor(math.log(smoothing / (1 - smoothing))))

    @property
    def smoothing(self) -> float:
        """The share a now."""
        return self.w.detach().double().sigmoid().item()

    def parameter_options(self) -> dict[str, dict[str, float]]:
        """Weight decay would draw every share to a half."""
        return {"w": {"weight_decay": 0.0}}

    def initial_state(self, x_t: Tensor) -> SmoothedState:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Membrane at v_reset, 0 for the soft reset; nothing to smooth by."""
        v = super().initial_state(x_t).v
        return SmoothedState(v, torch.zeros_like(v), 0)

    def scan(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, x: Tensor, state: SmoothedState | None = None
    ) -> tuple[Tensor, SmoothedState]:
        """All timesteps from `state`, one after the other."""
        return Neuron.scan(self, x, state)

    def step(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, x_t: Tensor, state: SmoothedState
    ) -> tuple[Tensor, SmoothedState]:
        """Charge, smooth, fire, reset."""
        check_state(x_t, state.v)
        p, x = self.dynamics, x_t.to(state.v.dtype)
        h = p.decay * state.v + p.gain * x + p.offset
        # Also where there is nothing to smooth by, so that w has a gradient at T = 1: of 0.
        before = state.h if state.steps else h
        h = h + self.w.sigmoid() * (before - h)
        self.show_membrane(h)
        spikes = self.surrogate.spike(p.firing(h - p.threshold))
        r = spikes.detach() if p.detach_reset else spikes
        v = h - p.threshold * r if p.v_reset is None else (1 - r) * h + r * p.v_reset
        return spikes.to(type_of_spikes(x_t, v)), SmoothedState(v, h, state.steps + 1)

    def extra_repr(self) -> str:
        """Show the constants in print(net)."""
        return f"{super().extra_repr()}, smoothing={self.smoothing:.4g}"
