"""A teacher and a student whose every number is told, for the losses between them."""

import torch
from torch import nn

from tssd.models import NetOutput
from tssd.objectives import Timesteps
from tssd.time import repeat_in_time


class Says(nn.Module):
    """A network of tssd with fixed logits [N, K] and features {tap: [N, ...]} at each timestep."""

    def __init__(self, logits, features=None):
        super().__init__()
        self.logits = nn.Parameter(torch.as_tensor(logits))
        self.num_classes = self.logits.shape[-1]
        self.features = features or {}

    def resolve_tap(self, tap):
        return 0 if tap is None else tap

    def tap_shape(self, tap):
        return tuple(self.features[tap].shape[1:])

    def forward(self, x, taps=()):
        places = map(self.resolve_tap, taps)
        shown = {tap: repeat_in_time(self.features[tap], len(x)) for tap in places}
        return NetOutput(repeat_in_time(self.logits, len(x)), shown)


def output(logits, features=None):
    """What a loss hands over: logits [T, N, K], features {tap: [T, N, ...]}, and an image."""
    logits = torch.as_tensor(logits)
    images = torch.zeros(logits.shape[1], 1, 2, 2)
    return NetOutput(logits, features or {}, input=repeat_in_time(images, len(logits)))


def connected(term, out, timesteps=(1, 2)):
    """A term connected to a student that has such an output."""
    features = {tap: value[0] for tap, value in out.taps.items()}
    return term.connect(Says(out.logits[0], features), Timesteps(*timesteps))
