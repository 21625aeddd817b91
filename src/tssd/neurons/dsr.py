"""Differentiation on spike representation: spikes forward, the clamped mean rate backward.

    M(t) = decay M(t-1) + gain x(t)                   charge
    S(t) = threshold 1[M(t) >= alpha threshold]       fire
    M(t) - S(t)                                       soft reset
    y(t) = height S(t)

The backward pass does not follow the membrane. With weights w(t) that sum to 1,

    r = sum_t w(t) x(t),   G = T sum_t w(t) dL/dy(t),   top = threshold tau / delta_t
    dL/dx(t) = G / (tau T) where r is between 0 and top, the same for every t
    dL/dthreshold = sum of G / height where r > top

so that a gradient depends on all timesteps, later ones included, and a layer keeps one tensor
[N, ...] for it, whatever T.
"""

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons.base import Neuron, check_sequence, check_state, membrane_like, type_of_spikes
from tssd.neurons.lif import LIFState
from tssd.surrogates import straight_through
from tssd.surrogates.spike import fire, refuse_second_derivative


class _Dynamics(NamedTuple):
    """Constants of the equations above."""

    decay: float
    gain: float
    alpha: float
    height: float
    tau: float
    # Whether r = 0 and r = top pass a gradient.
    closed: bool


class DSRNeuron(Neuron):
    """What DSRIF and DSRLIF share: a trained threshold, and the gradient of the rate.

    Args:
        dynamics: the constants.
        v_threshold: the threshold at first, of the whole layer.
        least_threshold: below which it counts as this.
        train_threshold: whether it is trained.
    Shapes: [T, N, ...] -> [T, N, ...], 0 or height times the threshold.
    Raises: UsageError: alpha not in (0, 1], or v_threshold < least_threshold or not positive.
    """

    # See `Neuron.whole_sequences`.
    whole_sequences = True

    def __init__(
        self,
        dynamics: _Dynamics,
        v_threshold: float,
        *,
        least_threshold: float,
        train_threshold: bool,
    ) -> None:
        super().__init__()
        if not 0 < dynamics.alpha <= 1:
            raise UsageError(f"alpha: got {dynamics.alpha}, expected a share of the threshold, 0-1")
        if not 0 < least_threshold < math.inf:
            raise UsageError(
                f"least_threshold: got {least_threshold}, expected a finite potential > 0"
            )
        if not least_threshold <= v_threshold < math.inf:
            raise UsageError(
                f"v_threshold: got {v_threshold}, expected a finite potential of at least "
                f"least_threshold = {least_threshold}"
            )
        self.dynamics = dynamics
        self.least_threshold = least_threshold
        threshold = torch.tensor(float(v_threshold))  # a whole number's tensor takes no gradient
        self.v_threshold = nn.Parameter(threshold, requires_grad=train_threshold)

    def parameter_options(self) -> dict[str, dict[str, float]]:
        """No weight decay."""
        return {"v_threshold": {"weight_decay": 0.0}}

    def initial_state(self, x_t: Tensor) -> LIFState:
        """Membrane 0, in float32 at least."""
        return LIFState(membrane_like(x_t))

    def scan(self, x: Tensor, state: LIFState | None = None) -> tuple[Tensor, LIFState]:
        """All timesteps from `state`, through which no gradient goes."""
        check_sequence(x)
        state = self.initial_state(x[0]) if state is None else state
        check_state(x[0], state.v)
        least = self.v_threshold.detach().clamp(min=self.least_threshold)
        threshold = straight_through(least, self.v_threshold)
        spikes, v = cast(tuple[Tensor, Tensor], _Rate.apply(x, threshold, state.v, self.dynamics))
        return spikes, LIFState(v)


class DSRIF(DSRNeuron):
    """Integrate-and-fire with the gradient of its rate, clamped to 0 and the threshold.

    Args:
        v_threshold: threshold at first, and the height of a spike.
        alpha: share of the threshold at which it fires, 0 to 1.
        least_threshold: below which the threshold counts as this.
        train_threshold: whether the threshold is trained.
    Raises: UsageError: see `DSRNeuron`.
    Source: Meng et al. 2022, arXiv 2205.00459, and its code; SpikingJelly's DSRIFNode.
    """

    def __init__(
        self,
        v_threshold: float = 6.0,
        *,
        alpha: float = 0.5,
        least_threshold: float = 0.01,
        train_threshold: bool = True,
    ) -> None:
        super().__init__(
            _Dynamics(decay=1.0, gain=1.0, alpha=alpha, height=1.0, tau=1.0, closed=True),
            v_threshold,
            least_threshold=least_threshold,
            train_threshold=train_threshold,
        )


class DSRLIF(DSRNeuron):
    """Leaky integrate-and-fire with the gradient of its weighted rate: late timesteps count more.

    Args:
        tau: membrane time constant, in the unit of delta_t.
        v_threshold: threshold at first.
        delta_t: time of a timestep; a spike is threshold / delta_t high.
        alpha: share of the threshold at which it fires, 0 to 1.
        least_threshold: below which the threshold counts as this.
        train_threshold: whether the threshold is trained.
    Raises: UsageError: tau or delta_t not positive; see `DSRNeuron` as well.
    Source: Meng et al. 2022, arXiv 2205.00459, and its code; SpikingJelly's DSRLIFNode.
    """

    def __init__(
        self,
        tau: float = 1.0,
        v_threshold: float = 0.3,
        *,
        delta_t: float = 0.05,
        alpha: float = 0.3,
        least_threshold: float = 5e-4,
        train_threshold: bool = True,
    ) -> None:
        for name, value in (("tau", tau), ("delta_t", delta_t)):
            if not 0 < value < math.inf:
                raise UsageError(f"{name}: got {value}, expected a finite time > 0")
        decay = math.exp(-delta_t / tau)
        super().__init__(
            _Dynamics(decay, 1 - decay, alpha, height=1 / delta_t, tau=tau, closed=False),
            v_threshold,
            least_threshold=least_threshold,
            train_threshold=train_threshold,
        )


class _Rate(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, threshold: Tensor, v: Tensor, p: _Dynamics
    ) -> tuple[Tensor, Tensor]:
        steps = len(x)
        weights = _weights(steps, p.decay)
        rate, firing = torch.zeros_like(v), p.alpha * threshold
        y = torch.empty_like(x, dtype=type_of_spikes(x, v))
        for t, x_t in enumerate(x.unbind()):
            now = x_t.to(v.dtype)
            rate.add_(now, alpha=weights[t])
            v = p.decay * v + p.gain * now
            spikes = threshold * fire(v - firing)
            v = v - spikes
            y[t] = p.height * spikes
        ctx.save_for_backward(rate, threshold)
        ctx.p, ctx.weights, ctx.x_dtype = p, weights, x.dtype
        ctx.mark_non_differentiable(v)
        return y, v

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grads: Tensor
    ) -> tuple[Tensor, Tensor, None, None]:
        refuse_second_derivative()
        p, steps = ctx.p, len(ctx.weights)
        rate, threshold = ctx.saved_tensors
        top = threshold * p.tau * p.height
        g = torch.zeros_like(rate)
        for weight, g_t in zip(ctx.weights, grads[0].unbind(), strict=True):
            g.add_(g_t.to(g.dtype), alpha=steps * weight)
        inside = (rate >= 0) & (rate <= top) if p.closed else (rate > 0) & (rate < top)
        g_x = (g * inside / (p.tau * steps)).to(ctx.x_dtype)
        g_threshold = (g * (rate > top)).sum() / p.height
        return g_x.expand(steps, *g_x.shape), g_threshold.to(threshold.dtype), None, None


def _weights(steps: int, decay: float) -> list[float]:
    """How much each timestep counts, the sum 1: what is left of its charge at the end."""
    left = [decay ** (steps - 1 - t) for t in range(steps)]
    return [each / sum(left) for each in left]
