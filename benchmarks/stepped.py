"""LIF written as a step, as a neuron of one's own would be: what the fused scan is measured by."""

from torch import Tensor

from tssd import LIF, Neuron
from tssd.neurons import LIFState, membrane_like, strictly_above


class SteppedLIF(Neuron):
    """What a LIF computes, under plain autograd with `Surrogate.spike`.

    Args:
        lif: the neuron whose constants and surrogate it takes.
    Shapes: [T, N, ...] -> [T, N, ...].
    """

    def __init__(self, lif: LIF) -> None:
        super().__init__()
        self.dynamics = lif.dynamics
        self.surrogate = lif.surrogate

    def initial_state(self, x_t: Tensor) -> LIFState:
        """Membrane at rest."""
        return LIFState(membrane_like(x_t, self.dynamics.v_reset or 0.0))

    def step(self, x_t: Tensor, state: LIFState) -> tuple[Tensor, LIFState]:
        """Charge, fire, reset."""
        p = self.dynamics
        h = p.decay * state.v + p.gain * x_t + p.offset
        self.show_membrane(h)
        s = h - p.threshold
        spikes = self.surrogate.spike(strictly_above(s) if p.strict else s)
        reset = spikes.detach() if p.detach_reset else spikes
        v = h - p.threshold * reset if p.v_reset is None else h + (p.v_reset - h) * reset
        return spikes.to(x_t.dtype), LIFState(v)
