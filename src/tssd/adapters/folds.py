"""Whether a part of a network folds time and batch as [T*N, ...] or as [N*T, ...]."""

import torch
from torch import Tensor, nn

from tssd.neurons import Neuron
from tssd.neurons.foreign import state_keepers

# Rows are the same but for rounding, which depends on a sample's place in its batch; it may tip a
# few spikes over, far fewer than two timesteps differ by.
_ROUNDING = 1e-4
_TIPPED = 0.1


def has_time_first(module: nn.Module) -> bool:
    """Whether some neurons take sequences: ours, and SpikingJelly's in step_mode "m", [T, N, ...].

    A network that takes [N, T, ...] has the other order inside, unless it has such neurons: then it
    turns the axes somewhere.
    """
    keepers = (part for _, part, _ in state_keepers(module))
    ours = any(isinstance(part, Neuron) for part in module.modules())
    return ours or any(getattr(part, "step_mode", "s") == "m" for part in keepers)


def same_sample(x: Tensor, batch: int) -> Tensor:
    """A sequence of one sample, shown `batch` times, that differs from timestep to timestep.

    Shapes: x [T, N, ...] -> [T, batch, ...].
    """
    steps = x.shape[0]
    growing = 1 + torch.arange(steps, device=x.device, dtype=x.dtype) / steps
    one = x[:, :1] * growing.view(-1, *[1] * (x.dim() - 1))
    return one.expand(-1, batch, *x.shape[2:])


def has_samples_first(
    folded: Tensor, steps: int, batch: int, *, otherwise: bool | None
) -> bool | None:
    """Whether a fold of `same_sample` is [N*T, ...] and not [T*N, ...].

    Args:
        folded: what a part was given, or returned.
        steps: T.
        batch: N.
        otherwise: the answer if all rows are the same, e.g. without spikes.
    Returns: None if none of them are, e.g. behind random numbers.
    """
    # Not every accelerator has float64.
    rows = folded.detach().cpu().double().reshape(len(folded), -1)
    time, samples = rows.unflatten(0, (steps, batch)), rows.unflatten(0, (batch, steps))
    as_time = float((time - time[:, :1]).abs().sum())
    as_samples = float((samples - samples[:1]).abs().sum())
    if max(as_time, as_samples) <= _ROUNDING * float(rows.abs().sum()):
        return otherwise
    if min(as_time, as_samples) > _TIPPED * max(as_time, as_samples):
        return None
    return as_samples < as_time
