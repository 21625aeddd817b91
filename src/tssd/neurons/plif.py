"""PLIF: a leaky integrate-and-fire neuron whose time constant is trained."""

import math

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons.base import Neuron, check_state, membrane_like, type_of_spikes
from tssd.neurons.lif import LIFState, check_threshold
from tssd.surrogates import ATan, Surrogate, for_neuron


class PLIF(Neuron):
    """Parametric leaky integrate-and-fire: one trained number w for all neurons of a layer.

        k = sigmoid(w) = 1/tau
        H(t) = V(t-1) + k (x(t) - (V(t-1) - v_reset))       charge; or with decay_input=False
        H(t) = V(t-1) - k (V(t-1) - v_reset) + x(t)
        S(t) = 1[H(t) >= v_threshold]                       fire

    and the resets of LIF. The defaults are its paper's; w takes no weight decay.

    Args:
        tau: membrane time constant in timesteps to begin with, > 1.
        v_threshold: potential at which the neuron fires.
        v_reset: potential after a spike (hard reset), or None to subtract v_threshold (soft).
        decay_input: whether the input is scaled by 1/tau.
        detach_reset: whether the reset passes no gradient.
        surrogate: gradient of the spike; None = arc tangent of slope 2.
    Shapes: [T, N, ...] -> spikes [T, N, ...] in {0, 1}.
    Raises: UsageError: tau <= 1, v_threshold <= 0 or v_reset >= v_threshold.
    Source: Fang et al. 2021, arXiv 2007.05785, eq. 7, and
        https://github.com/fangwei123456/Parametric-Leaky-Integrate-and-Fire-Spiking-Neuron.
    """

    def __init__(
        self,
        tau: float = 2.0,
        v_threshold: float = 1.0,
        *,
        v_reset: float | None = 0.0,
        decay_input: bool = True,
        detach_reset: bool = True,
        surrogate: Surrogate | None = None,
    ) -> None:
        super().__init__()
        if not 1 < tau < math.inf:
            raise UsageError(f"tau: got {tau}, expected a finite time constant > 1 timestep")
        check_threshold(v_threshold, v_reset)
        self.v_threshold = v_threshold
        self.v_reset = v_reset
        self.decay_input = decay_input
        self.detach_reset = detach_reset
        self.surrogate = for_neuron(ATan() if surrogate is None else surrogate, trains_decay=True)
        self.w = nn.Parameter(torch.tensor(-math.log(tau - 1)))

    @property
    def tau(self) -> float:
        """The time constant now, in timesteps."""
        return 1 / self.w.detach().double().sigmoid().item()

    def parameter_options(self) -> dict[str, dict[str, float]]:
        """Weight decay would draw every time constant to 2."""
        return {"w": {"weight_decay": 0.0}}

    def initial_state(self, x_t: Tensor) -> LIFState:
        """Membrane at v_reset, 0 for the soft reset."""
        return LIFState(membrane_like(x_t, self.v_reset or 0.0))

    def step(self, x_t: Tensor, state: LIFState) -> tuple[Tensor, LIFState]:
        """Charge, fire, reset."""
        check_state(x_t, state.v)
        k, v, rest = self.w.sigmoid(), state.v, self.v_reset or 0.0
        # The membrane's type, so that what is added up is not rounded to the input's.
        x = x_t.to(v.dtype)
        above = v - rest if rest else v
        h = v + k * (x - above) if self.decay_input else v - k * above + x
        self.show_membrane(h)
        surrogate = self.surrogate.following(1 - k, self.v_threshold)
        spikes = surrogate.spike(h - self.v_threshold)
        r = spikes.detach() if self.detach_reset else spikes
        v = h - self.v_threshold * r if self.v_reset is None else (1 - r) * h + r * self.v_reset
        return spikes.to(type_of_spikes(x_t, v)), LIFState(v)

    def extra_repr(self) -> str:
        """Show the constants in print(net)."""
        names = ("v_threshold", "v_reset", "decay_input", "detach_reset")
        shown = {"tau": f"{self.tau:.4g}"} | {name: getattr(self, name) for name in names}
        if "surrogate" not in self._modules:
            shown["surrogate"] = self.surrogate
        return ", ".join(f"{k}={v}" for k, v in shown.items())
