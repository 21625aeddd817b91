"""A neuron: several spikes a timestep, and a trained threshold for each channel."""

from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from tssd.neurons import Neuron, membrane_like, per_channel
from tssd.surrogates import straight_through


class State(NamedTuple):
    """Membrane after the reset, v [N, C, ...]."""

    v: Tensor


class IntegerLIF(Neuron):
    """Leaky integrate-and-fire whose output is a whole number of spikes from 0 to `most`.

        H(t) = decay V(t-1) + x(t)
        S(t) = round(clamp(H(t) / threshold, 0, most))
        V(t) = H(t) - threshold S(t)

    The gradient passes the rounding as if it were not there: straight through. The threshold of a
    channel is trained as its logarithm, so that it stays above 0.

    Args:
        most: spikes of one timestep at most, >= 1.
        decay: of the potential in a timestep.
    Shapes: [T, N, C, ...] -> spikes alike, in {0, 1, ..., most}.
    Source: I-LIF, arXiv 2407.20708. The threshold for each channel is added here.
    """

    def __init__(self, most: int = 4, *, decay: float = 0.5) -> None:
        super().__init__()
        self.most = most
        self.decay = decay
        self.log_threshold = nn.Parameter(torch.zeros(1))

    def connect(self, channels: int) -> Self:
        """One threshold a channel."""
        self.log_threshold = nn.Parameter(self.log_threshold.new_zeros(channels))
        return self

    def parameter_options(self) -> dict[str, dict[str, float]]:
        """Weight decay would draw every threshold to 1."""
        return {"log_threshold": {"weight_decay": 0.0}}

    def initial_state(self, x_t: Tensor) -> State:
        """At rest."""
        return State(membrane_like(x_t))

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """Charge, fire, reset."""
        threshold = per_channel(self.log_threshold, x_t).exp()
        h = self.decay * state.v + x_t
        self.show_membrane(h)
        level = (h / threshold).clamp(0, self.most)
        spikes = straight_through(level.detach().round(), level)
        return spikes.to(x_t.dtype), State(h - threshold * spikes)
