"""What every spiking neuron is: one pure step, and a scan of it over the time axis."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons import membranes
from tssd.time import check_tensor

# A state is whatever a neuron carries from one step to the next: a named tuple of tensors.
State = Any


class Neuron(nn.Module):
    """A layer of spiking neurons without hidden state: a call starts clean, nothing needs a reset.

    A subclass gives `initial_state` and either `step` (then `scan` is a loop over it) or a faster
    `scan` (then `step` is a scan of length one). Streaming keeps the state outside:

        state = neuron.initial_state(x_t)
        spikes_t, state = neuron.step(x_t, state)

    Its parameters may be trained: one for the layer, made in `__init__`; one a channel, made in
    `connect`; one a timestep, made in `build_for` (see `tssd.longest`). The spike and its gradient
    are `Surrogate.spike`, and `show_membrane` lets objectives see the potential before the reset.

    Shapes: [T, N, ...] -> [T, N, ...].
    """

    # Whether a timestep's gradient depends on later ones, so that no step can go backward alone.
    whole_sequences = False
    # Whether it knows no time in training mode, so that an image repeated in time is computed once.
    trains_without_time = False
    # Timesteps at first that find something out and decide nothing: see `tssd.models.presteps`.
    pre_steps = 0

    def connect(self, channels: int) -> Self:
        """Told the channels C of its layer, axis 2 of [T, N, C, ...], once it is built.

        Whoever builds a layer calls it right after building its neuron, before weights are loaded
        and before there is an optimiser.
        """
        return self

    def initial_state(self, x_t: Tensor) -> State:
        """State before the first step, for an input like x_t [N, ...]."""
        raise NotImplementedError

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One timestep. Shapes: x_t [N, ...] -> spikes_t [N, ...] and the next state."""
        spikes, state = self.scan(x_t.unsqueeze(0), state)
        return spikes.squeeze(0), state

    def scan(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All timesteps from `state` (None = initial). Shapes: x [T, N, ...] -> spikes alike."""
        check_sequence(x)
        given, state = state, self.initial_state(x[0]) if state is None else state
        spikes = []
        for x_t in x.unbind():
            before = state
            spikes_t, state = self.step(x_t, before)
            if before is given and (
                _shapes(state) != _shapes(before) or spikes_t.shape != x_t.shape
            ):
                _check_batch(x_t, before, self.initial_state(x_t))
            spikes.append(spikes_t)
        return torch.stack(spikes), state

    def forward(self, x: Tensor) -> Tensor:
        """Spikes of a whole sequence from the initial state. Shapes: [T, N, ...] -> alike."""
        return self.scan(x)[0]

    def show_membrane(self, h_t: Tensor) -> None:
        """In a step: the potential h_t [N, ...] before the reset; nothing unless it is recorded."""
        membranes.show(self, h_t.unsqueeze(0))

    def show_membranes(self, h: Tensor) -> None:
        """In a scan: the same for all its timesteps, h [T, N, ...]."""
        membranes.show(self, h)


def membrane_like(x_t: Tensor, value: float = 0.0) -> Tensor:
    """A membrane for `initial_state`: float32 at least, so that small inputs add up.

    Shapes: [N, ...] -> [N, ...].
    """
    return torch.full_like(x_t, value, dtype=torch.promote_types(x_t.dtype, torch.float32))


def type_of_spikes(x: Tensor, v: Tensor) -> torch.dtype:
    """That of the input; where this has whole numbers, which pass no gradient, the membrane's."""
    return x.dtype if x.is_floating_point() else v.dtype


def per_channel(values: Tensor, x_t: Tensor) -> Tensor:
    """A parameter [C], or [1] in a neuron that nobody connected, spread over x_t [N, C, ...].

    Shapes: [C] -> [C, 1, ...]; [1] -> [] for one neuron, an x_t [].
    Raises: UsageError: x_t has another number of channels.
    """
    channels = x_t.shape[1] if x_t.dim() > 1 else 1
    if len(values) not in (1, channels):
        raise UsageError(
            f"input: got {channels} channels, but the neuron was connected to {len(values)}; "
            "connect(channels) is called once, by what builds the layer"
        )
    return values.view(-1, *[1] * (x_t.dim() - 2)) if x_t.dim() else values.squeeze()


def check_sequence(x: Tensor) -> None:
    """Refuse what no neuron can run on.

    Raises: UsageError: no tensor, no timestep, or values that can't be added up.
    """
    check_tensor(x, "[T, N, ...]")
    if x.dim() and x.shape[0] and x.dtype != torch.bool and not x.is_complex():
        return
    raise UsageError(
        f"input: got {str(x.dtype).removeprefix('torch.')} of shape {list(x.shape)}, expected real "
        "numbers [T, N, ...] of at least one timestep; x.float() makes them of events"
    )


def check_state(x_t: Tensor, v: Tensor) -> None:
    """Refuse a membrane v [N, ...] that PyTorch would resize or round, and go on.

    Raises: UsageError: of another shape or less precise than the membrane of x_t [N, ...].
    """
    least = torch.promote_types(x_t.dtype, torch.float32)
    if v.shape != x_t.shape or torch.promote_types(v.dtype, least) != v.dtype:
        raise UsageError(
            f"state: got a membrane {list(v.shape)} of {v.dtype}, but the input has samples "
            f"{list(x_t.shape)} of {x_t.dtype} and needs {least} at least; start a batch of "
            "another size with neuron.initial_state(x_t)"
        )


def _shapes(state: State) -> list[torch.Size]:
    """Of all tensors in a state, in order."""
    if isinstance(state, Tensor):
        return [state.shape]
    inside = state if isinstance(state, tuple | list) else ()
    return [shape for part in inside for shape in _shapes(part)]


def _check_batch(x_t: Tensor, given: State, fresh: State) -> None:
    """Refuse a state whose samples PyTorch spread over those of x_t [N, ...], or the reverse.

    Raises: UsageError: a tensor has one row a sample at the beginning, and other samples now.
    """
    samples = x_t.shape[:1]
    for shape, at_first in zip(_shapes(given), _shapes(fresh), strict=False):
        if at_first[:1] == samples and len(shape) == len(at_first) and shape[:1] != samples:
            raise UsageError(
                f"state: got one of {shape[0]} samples, {list(shape)}, but the input has "
                f"{samples[0]}; start a batch of another size with neuron.initial_state(x_t)"
            )
