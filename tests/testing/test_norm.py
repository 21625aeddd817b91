"""The check of norms passes our own and fails whatever breaks the contract."""

import pytest
import torch
from torch import nn

from tssd.longest import rows
from tssd.norms import per_step_batch_norm, pooled_batch_norm
from tssd.testing import check_norm
from tssd.time import TimeFold


class Scaled(nn.Module):
    """A factor for each timestep; every class below breaks one thing of it."""

    def __init__(self, channels):
        super().__init__()
        self.longest = None
        self.norm = pooled_batch_norm(channels)
        self.scale = nn.Parameter(torch.ones(1))

    def build_for(self, timesteps):
        self.longest = timesteps
        self.scale = nn.Parameter(self.scale.new_ones(timesteps))

    def initial_state(self, x_t):
        return 0

    def scan(self, x, state):
        scale = rows(self.scale, state, len(x), longest=self.longest)
        y = self.norm(x) * scale.view(-1, 1, 1, 1, 1)
        return y.to(x.dtype), state + len(x)

    def forward(self, x):
        return self.scan(x, 0)[0]


@pytest.mark.parametrize("make", [pooled_batch_norm, per_step_batch_norm, Scaled])
def test_norms_that_keep_the_contract_pass(make):
    check_norm(make)


@pytest.mark.parametrize("layer", [nn.Identity, lambda c: nn.GroupNorm(1, c), nn.BatchNorm2d])
def test_layers_of_torch_in_a_fold_pass(layer):
    check_norm(lambda channels: TimeFold(layer(channels)))


def test_a_norm_of_groups_is_checked_with_as_many_channels_as_it_takes():
    check_norm(lambda channels: TimeFold(nn.GroupNorm(8, channels)), channels=16)


class OfTheBatch(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, track_running_stats=False)

    def forward(self, x):
        return torch.stack([self.norm(x_t) for x_t in x])


class OfTheFuture(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x):
        return (self.scale * (x - x.mean(0))).to(x.dtype)


class Forgets(Scaled):
    """Counts no steps, so that a carried state starts from the first row again."""

    def scan(self, x, state):
        return super().scan(x, 0)


class Promotes(Scaled):
    def scan(self, x, state):
        scale = rows(self.scale, state, len(x), longest=self.longest)
        return self.norm(x) * scale.view(-1, 1, 1, 1, 1), state + len(x)


class Dead(Scaled):
    def __init__(self, channels):
        super().__init__(channels)
        self.shift = nn.Parameter(torch.zeros(channels))


class Shares(Scaled):
    inner = nn.BatchNorm2d(3)

    def __init__(self, channels):
        super().__init__(channels)
        self.norm = TimeFold(Shares.inner)


class Copies(Scaled):
    """Sees that it is given a view, and takes it for one timestep."""

    def forward(self, x):
        return super().forward(x) + (x.stride(0) == 0)


class Unfound(Scaled):
    def __init__(self, channels):
        super().__init__(channels)
        del self.longest

    def build_for(self, timesteps):
        """Not called, since it is not found."""

    def scan(self, x, state):
        return (self.scale * self.norm(x)).to(x.dtype), state


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (OfTheBatch, "one sample alone and in a batch, in eval mode"),
        (OfTheFuture, "the first 1 of 4 timesteps depend on the input after them"),
        (Forgets, "1 timesteps, then the rest from the state so far: they differ"),
        (Promotes, "got torch.float32 for an input of torch.bfloat16"),
        (Dead, "shift gets no gradient"),
        (Shares, r"two of them share modules, expected none: \['BatchNorm2d'\]"),
        (Unfound, "it has build_for and no attribute `longest`"),
        (Copies, "in training, an image repeated as a view"),
    ],
)
def test_a_norm_that_breaks_the_contract_fails_and_is_told_how(kind, match):
    with pytest.raises(AssertionError, match=f"^{kind.__name__}: {match}"):
        check_norm(kind)
