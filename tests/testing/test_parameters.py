from functools import partial

import pytest
import torch
from torch import nn

from tssd.models import vgg9
from tssd.norms import pooled_batch_norm
from tssd.testing import check_network
from tssd.testing.parameters import (
    check_copies,
    check_gradients,
    check_nothing_is_shared,
    check_progress,
)

X = torch.linspace(-1, 1, 12, dtype=torch.double).view(3, 4)


class Part(nn.Module):
    def __init__(self, change=lambda self, y: y):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4, dtype=torch.double))
        self.change = change

    def forward(self, x):
        return self.change(self, x * self.scale)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda self, y: y.detach(), "its output has no gradient"),
        (lambda self, y: (y / self.scale.detach()).detach() + self.scale, "input gets no gradient"),
        (lambda self, y: y / self.scale * 0 + y.detach(), "gradient of input is zero everywhere"),
        (lambda self, y: y / self.scale, "gradient of scale is zero everywhere"),
        (lambda self, y: (y - y.detach()).sqrt(), "gradient of input has values .* not finite"),
    ],
)
def test_gradients_that_are_missing_or_zero_are_told(change, match):
    check_gradients("Part", Part(), X)
    with pytest.raises(AssertionError, match=f"^Part: .*{match}"):
        check_gradients("Part", Part(change), X)


def test_a_parameter_that_is_not_used_is_told_and_one_that_is_frozen_is_not():
    part = Part()
    part.dead = nn.Parameter(torch.ones(2), requires_grad=False)
    check_gradients("Part", part, X)
    part.dead.requires_grad_()
    with pytest.raises(AssertionError, match="^Part: dead gets no gradient"):
        check_gradients("Part", part, X)


def test_what_a_state_dict_lacks_is_told():
    class Random(Part):
        def __init__(self):
            super().__init__()
            self.noise = torch.rand(4)

        def forward(self, x):
            return super().forward(x) + self.noise

    check_copies("Part", Part, Part(), X)
    with pytest.raises(AssertionError, match="^Random: a new one with its state_dict computes"):
        check_copies("Random", Random, Random(), X)


def test_what_a_copy_loses_is_told():
    class Loses(Part):
        def __deepcopy__(self, memo):
            return Loses()

    with pytest.raises(AssertionError, match="^Loses: a deep copy computes another thing"):
        check_copies("Loses", Loses, Loses(), X)


def test_what_two_share_is_told():
    shared = nn.Linear(2, 2)
    check_nothing_is_shared("Part", Part(), Part())
    with pytest.raises(AssertionError, match=r"^Two: two of them share modules, .*\['Linear'\]"):
        check_nothing_is_shared("Two", nn.Sequential(shared), nn.Sequential(shared))


@pytest.mark.parametrize("shown", [None, {}, {"width": 0.5}])
def test_what_progress_may_return(shown):
    part = Part()
    part.set_progress = lambda epoch, epochs: shown
    check_progress("Part", nn.Sequential(part))


@pytest.mark.parametrize("shown", [0.5, {"width": 1}, {"width": torch.tensor(1.0)}])
def test_what_progress_may_not_return(shown):
    part = Part()
    part.set_progress = lambda epoch, epochs: shown
    with pytest.raises(AssertionError, match=r"^Part: 0\.set_progress\(10\.0, 10\): got"):
        check_progress("Part", nn.Sequential(part))


def test_rows_of_timesteps_that_start_alike_are_still_told_apart():
    class Stateless(nn.Module):
        longest = None

        def __init__(self, channels):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))
            self.norm = pooled_batch_norm(channels)

        def build_for(self, timesteps):
            self.longest = timesteps
            self.scale = nn.Parameter(self.scale.new_ones(timesteps))

        def forward(self, x):
            return self.scale[: len(x)].view(-1, 1, 1, 1, 1) * self.norm(x)

    with pytest.raises(AssertionError, match="1 timesteps, then the rest"):
        check_network(partial(vgg9, width=1 / 16, image_size=16, norm=Stateless))
