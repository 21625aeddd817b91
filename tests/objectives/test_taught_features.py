"""What is common to terms on features: places, means over time, layers of their own."""

from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.objectives import (
    AttentionDistillation,
    BlurredFeatureDistillation,
    FeatureDistillation,
    Timesteps,
)
from tssd.objectives.own_layers import applied
from tssd.objectives.taught_features import convolution, norm

from .teachers import Says, connected, output

FEATURES = {0: torch.ones(2, 2, 1, 1, 2), 1: torch.zeros(2, 2, 3, 4, 4)}
TAUGHT = {0: torch.zeros(2, 1, 1, 2), 1: torch.ones(2, 5, 4, 4), "x": torch.full((2, 1, 1, 2), 7.0)}


def teacher():
    return Says(torch.zeros(2, 2), TAUGHT)


def test_places_are_by_default_the_last_stage_or_all():
    net = vgg9(num_classes=2, image_size=16, width=1 / 64)
    last = FeatureDistillation(teacher()).connect(net, Timesteps(1, 2))
    every = AttentionDistillation(teacher()).connect(net, Timesteps(1, 2))
    assert (last.taps, every.taps) == ((3,), (0, 1, 2, 3))


def test_the_teacher_may_be_asked_at_other_places_and_in_any_order():
    out = output(torch.zeros(2, 2, 2), FEATURES)
    term = connected(AttentionDistillation(teacher(), taps=[1, 0], teacher_taps=[1, "x"]), out)
    pairs = term.pairs(out)
    assert [own.shape[1] for own, _ in pairs] == [3, 1]
    assert [taught.max().item() for _, taught in pairs] == [1, 7]


def test_layers_follow_the_shape_and_the_type():
    for shape in ((4, 6, 6), (4, 6), (4,)):
        layers = nn.Sequential(convolution(shape, 4, 5, 3), norm(shape, 5)).double()
        made = applied(layers, torch.rand(3, *shape))
        assert (made.shape, made.dtype) == ((3, 5, *shape[1:]), torch.float64)
    assert applied(nn.Identity(), torch.ones(2, 2, dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"taps": []}, r"^taps: got none, expected at least one place, such as \[-1\]$"),
        ({"span": "both"}, "^span: got 'both', expected student or teacher$"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        FeatureDistillation(teacher(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"taps": [0, 0]}, r"^taps: got \[0, 0\], expected each place once$"),
        (
            {"taps": [0], "teacher_taps": [0, 1]},
            r"^teacher_taps: got \[0, 1\], .* each of the 1 pl",
        ),
    ],
)
def test_refused_by_a_network(options, message):
    with pytest.raises(UsageError, match=message):
        connected(FeatureDistillation(teacher(), **options), output(torch.zeros(2, 2, 2), FEATURES))


def test_maps_of_another_size_are_refused_in_one_line():
    out = output(torch.zeros(2, 2, 2), FEATURES)
    term = connected(AttentionDistillation(teacher(), taps=[0], teacher_taps=[1]), out)
    told = r"^teacher: its features at 1 are \[16\], but the network's at 0 are \[2\]; take places"
    with pytest.raises(UsageError, match=told):
        term(out, torch.tensor([0, 1]))


EACH = [
    FeatureDistillation,
    AttentionDistillation,
    partial(BlurredFeatureDistillation, masked=0),
]


def of_places(make, places, shown, taught):
    """The term of places that all show the same, its layers with the same weights everywhere."""
    out = output(torch.zeros(2, 2, 2), dict.fromkeys(places, shown))
    made = make(Says(torch.zeros(2, 2), dict.fromkeys(places, taught)), taps=places)
    term = connected(made, out)
    for parameter in term.parameters():
        nn.init.constant_(parameter, 0.1)
    return term(out, torch.tensor([0, 1]))


def features():
    generator = torch.Generator().manual_seed(0)
    shown = torch.rand(2, 2, 3, 4, 4, generator=generator)
    return shown, torch.rand(2, 3, 4, 4, generator=generator)


@pytest.mark.parametrize("make", EACH)
def test_places_are_added_up(make):
    one, three = (of_places(make, places, *features()) for places in ([0], [0, 1, 2]))
    assert one > 0
    torch.testing.assert_close(three, 3 * one)


@pytest.mark.parametrize("make", EACH)
def test_what_the_teacher_shows_gets_no_gradient(make):
    shown, taught = (each.requires_grad_() for each in features())
    of_places(make, [0], shown, taught).backward()
    assert shown.grad.any() and taught.grad is None


def test_a_single_place_needs_no_list():
    term = FeatureDistillation(teacher(), taps=0, teacher_taps="conv")
    assert (term.places, term.teacher_places) == ((0,), ("conv",))
