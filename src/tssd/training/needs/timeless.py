"""Networks whose training knows no time, whatever T_t says."""

import copy

import torch

from tssd.data.events import EventData
from tssd.models.drawn_again import drawn_again
from tssd.neurons import Neuron
from tssd.time import is_constant_in_time, repeat_in_time
from tssd.training.parts import Parts


def trains_without_time(parts: Parts) -> bool:
    """Whether an image, repeated T_t times, is computed once all the way: so with QCFS neurons.

    Frames of events differ from timestep to timestep, and each is computed; and so is what knows
    timesteps by itself, as TEBN does. A copy of the network is asked, with two samples.
    """
    neurons = [part for part in parts.net.modules() if isinstance(part, Neuron)]
    in_time = isinstance(parts.data, EventData) or getattr(parts.data, "kind", None) == "frames"
    if in_time or not neurons or not all(n.trains_without_time for n in neurons):
        return False
    weight = next(parts.net.parameters())
    x = torch.zeros(2, *parts.data.sample_shape, device=weight.device, dtype=weight.dtype)
    with torch.no_grad(), drawn_again(x):
        # By `forward`, since a copy calls what was compiled of the network itself.
        logits = copy.deepcopy(parts.net).train().forward(repeat_in_time(x, 2)).logits
    return is_constant_in_time(logits)
