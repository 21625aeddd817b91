"""GLIF: a neuron whose leak, input and reset are mixed by trained gates."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.longest import rows
from tssd.neurons.base import (
    Neuron,
    check_sequence,
    check_state,
    membrane_like,
    per_channel,
    type_of_spikes,
)
from tssd.neurons.numbers import numbers
from tssd.neurons.strict import strictly_above
from tssd.surrogates import Rectangular, Surrogate, for_neuron
from tssd.whole import whole

GATES = ("alpha", "beta", "gamma")
# A gate that nobody sets begins within this distance of 0 before the sigmoid.
SPREAD = 0.1


class GLIFState(NamedTuple):
    """Potential u [N, ...] and spike s [N, ...] of the last timestep, and how many there were."""

    u: Tensor
    s: Tensor
    steps: int


class GLIF(Neuron):
    """Gated leaky integrate-and-fire: three gates a channel between two ways of doing each thing.

        u(t) = (1 - a (1 - d)) u(t-1) (1 - c S(t-1))        a: exponential leak ...
               - (1 - a) leak                               ... or linear
               + (1 - b (1 - g(t))) x(t)                    b: a gain for each timestep, or none
               - (1 - c) r S(t-1)                           c: hard reset or soft
        S(t) = 1[u(t) > V]

    a, b, c, the decay d, leak, threshold V, reset r and gains g(t) are trained, each as the sigmoid
    of a parameter for each channel, so that all stay in (0, 1). They take no weight decay, the
    gates a tenth of the learning rate.

    Args:
        v_threshold: V to begin with, as are all below.
        decay: d, of the potential in a timestep; "tau" in the paper.
        v_subreset: r, what a spike takes off; None = v_threshold.
        leak: potential lost in a timestep; None = v_threshold / 8.
        gain: g, the same for all timesteps.
        gates: p of a, b and c, 0 to 1, which begin at 1/4 + p/2: the authors' [0.6, 0.8, 0.6] for
            images, [0.8, 0.2, 0.8] for events. None = near 1/2, at random.
        timesteps: for how many it is built, at least T_t; None = T_t.
        surrogate: gradient of the spike; None = rectangular of width 1.
    Shapes: [T, N, C, ...] -> spikes alike, in {0, 1}; T is at most the one that it was built for.
    Raises: UsageError: a value out of range.
    Source: Yao et al. 2022, arXiv 2210.13768, and https://github.com/Ikarosy/Gated-LIF.
    """

    raw_v_threshold: nn.Parameter
    raw_gain: nn.Parameter

    def __init__(
        self,
        v_threshold: float = 0.5,
        *,
        decay: float = 0.25,
        v_subreset: float | None = None,
        leak: float | None = None,
        gain: float = 0.5,
        gates: Sequence[float] | None = None,
        timesteps: int | None = None,
        surrogate: Surrogate | None = None,
    ) -> None:
        super().__init__()
        self._begin = {
            "v_threshold": v_threshold,
            "decay": decay,
            "v_subreset": v_threshold if v_subreset is None else v_subreset,
            "leak": v_threshold / 8 if leak is None else leak,
            "gain": gain,
        }
        for name, value in self._begin.items():
            if not 0 < value < 1:
                raise UsageError(f"{name}: got {value}, expected a number between 0 and 1")
        if gates is not None:
            three = "expected three numbers from 0 to 1, such as [0.6, 0.8, 0.6]"
            gates = numbers("gates", gates, three)
            if len(gates) != len(GATES) or not all(0 <= p <= 1 for p in gates):
                raise UsageError(f"gates: got {list(gates)}, {three}")
        timesteps = None if timesteps is None else whole("timesteps", timesteps)
        if timesteps is not None and timesteps < 1:
            raise UsageError(f"timesteps: got {timesteps}, expected at least 1, or null for T_t")
        self._gates = gates
        self.longest = timesteps
        self.surrogate = for_neuron(Rectangular() if surrogate is None else surrogate)
        self.connect(1)

    def connect(self, channels: int) -> Self:
        """One of each parameter a channel, and a gain a channel and timestep."""
        for name, value in self._begin.items():
            shape = (self.longest or 1, channels) if name == "gain" else (channels,)
            setattr(self, f"raw_{name}", nn.Parameter(torch.full(shape, _logit(value))))
        gates = torch.empty(len(GATES), channels).uniform_(-SPREAD, SPREAD)
        if self._gates is not None:
            gates = torch.tensor([_logit(0.25 + p / 2) for p in self._gates])
            gates = gates.unsqueeze(1).repeat(1, channels)
        for name, gate in zip(GATES, gates.unbind(), strict=True):
            setattr(self, f"raw_{name}", nn.Parameter(gate.clone()))
        return self

    def build_for(self, timesteps: int) -> None:
        """A gain for each of T timesteps."""
        self.longest = timesteps
        begin = self.raw_gain.detach()[:1]
        self.raw_gain = nn.Parameter(begin.repeat(timesteps, 1))

    @property
    def v_threshold(self) -> Tensor:
        """V now, [C]."""
        return self.raw_v_threshold.detach().sigmoid()

    def parameter_options(self) -> dict[str, dict[str, float]]:
        """No weight decay, which would draw everything to 1/2; gates learn slowly."""
        slow = {f"raw_{name}": {"lr_factor": 0.1} for name in GATES}
        return {
            name: {"weight_decay": 0.0} | slow.get(name, {})
            for name, _ in self.named_parameters(recurse=False)
        }

    def initial_state(self, x_t: Tensor) -> GLIFState:
        """At rest, and no spike yet."""
        return GLIFState(membrane_like(x_t), membrane_like(x_t), 0)

    def scan(self, x: Tensor, state: GLIFState | None = None) -> tuple[Tensor, GLIFState]:
        """All timesteps from `state`."""
        check_sequence(x)
        u, s, steps = self.initial_state(x[0]) if state is None else state
        check_state(x[0], u)

        def value(name: str) -> Tensor:
            return per_channel(getattr(self, f"raw_{name}").sigmoid(), x[0])

        a, b, c = map(value, GATES)
        keep, threshold = 1 - a * (1 - value("decay")), value("v_threshold")
        lost, taken = (1 - a) * value("leak"), (1 - c) * value("v_subreset")
        gains = rows(self.raw_gain, steps, len(x), longest=self.longest).sigmoid()
        spikes = []
        for x_t, row in zip(x.unbind(), gains.unbind(), strict=True):
            gain = 1 - b * (1 - per_channel(row, x_t))
            kept = keep * u
            u = kept + gain * x_t.to(u.dtype) - lost - s * (c * kept + taken)
            self.show_membrane(u)
            s = self.surrogate.spike(strictly_above(u - threshold))
            spikes.append(s)
        fired = torch.stack(spikes).to(type_of_spikes(x, u))
        return fired, GLIFState(u, s, steps + len(x))


def _logit(p: float) -> float:
    """The number whose sigmoid is p."""
    return math.log(p / (1 - p))
