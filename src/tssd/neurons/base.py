"""What every spiking neuron is: one pure step, and a scan of it over the time axis."""

from typing import Any

import torch
from torch import Tensor, nn

# A state is whatever a neuron carries from one step to the next: a named tuple of tensors.
State = Any


class Neuron(nn.Module):
    """A layer of spiking neurons without hidden state: a call starts clean, nothing needs a reset.

    A subclass gives `initial_state` and either `step` (then `scan` is a loop over it) or a faster
    `scan` (then `step` is a scan of length one). Streaming keeps the state outside:

        state = neuron.initial_state(x_t)
        spikes_t, state = neuron.step(x_t, state)

    Shapes: [T, N, ...] -> [T, N, ...].
    """

    def initial_state(self, x_t: Tensor) -> State:
        """State before the first step, for an input like x_t [N, ...]."""
        raise NotImplementedError

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One timestep. Shapes: x_t [N, ...] -> spikes_t [N, ...] and the next state."""
        spikes, state = self.scan(x_t.unsqueeze(0), state)
        return spikes.squeeze(0), state

    def scan(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All timesteps from `state` (None = initial). Shapes: x [T, N, ...] -> spikes alike."""
        state = self.initial_state(x[0]) if state is None else state
        spikes = []
        for x_t in x:
            spikes_t, state = self.step(x_t, state)
            spikes.append(spikes_t)
        return torch.stack(spikes), state

    def forward(self, x: Tensor) -> Tensor:
        """Spikes of a whole sequence from the initial state. Shapes: [T, N, ...] -> alike."""
        return self.scan(x)[0]
