import inspect
import math

import pytest
import torch
from torch import nn

from tssd import objectives
from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import Objective, Timesteps
from tssd.objectives.base import named_places


def with_option(name):
    """All kinds of terms that have an option."""
    return [
        kind
        for kind in map(vars(objectives).get, objectives.__all__)
        if isinstance(kind, type) and issubclass(kind, Objective)
        if name in inspect.signature(kind).parameters
    ]


def made(kind, **options):
    needed = inspect.signature(kind).parameters.values()
    teacher = [nn.Identity() for option in needed if option.default is option.empty]
    return kind(*teacher, **options)


def weights(objective, *epochs):
    found = []
    for epoch in epochs:
        objective.set_progress(epoch, 100)
        found.append(objective.current_weight)
    return found


@pytest.mark.parametrize(("student", "teacher"), [(1, 1), (2, 4)])
def test_timesteps_that_make_sense(student, teacher):
    steps = Timesteps(student, teacher)
    assert (steps.student, steps.teacher) == (student, teacher)


@pytest.mark.parametrize(
    ("student", "teacher", "message"),
    [
        (0, 4, "^timesteps.student: got 0, expected a whole number >= 1 and <= 100000$"),
        (-1, 4, "^timesteps.student: got -1"),
        (4, 2, "^timesteps.teacher: got 2, expected at least timesteps.student = 4$"),
    ],
)
def test_timesteps_that_do_not(student, teacher, message):
    with pytest.raises(UsageError, match=message):
        Timesteps(student, teacher)


@pytest.mark.parametrize("weight", [-0.5, math.nan, math.inf])
def test_a_weight_is_finite_and_not_negative(weight):
    with pytest.raises(UsageError, match=f"^weight: got {weight}, expected a finite number >= 0$"):
        Objective(weight)


@pytest.mark.parametrize("ramp", [-1.0, math.nan, math.inf])
def test_a_ramp_is_not_negative_and_ends(ramp):
    with pytest.raises(
        UsageError, match=f"^ramp_epochs: got {ramp}, expected a finite number >= 0$"
    ):
        Objective(ramp_epochs=ramp)


def test_a_weight_without_ramp_is_full_from_the_start():
    assert weights(Objective(0.7), 0, 0.5, 100) == [0.7, 0.7, 0.7]


def test_a_ramped_weight_rises_linearly_and_stays():
    objective = Objective(2.0, ramp_epochs=10)
    assert objective.current_weight == 2.0  # of a loop that tells nothing
    assert weights(objective, 0, 2.5, 5, 10, 50) == [0.0, 0.5, 1.0, 2.0, 2.0]


@pytest.mark.parametrize("kind", with_option("ramp_epochs"))
def test_the_weight_of_every_kind_rises(kind):
    assert weights(made(kind, weight=0.5, ramp_epochs=10), 0, 2.5, 50) == [0.0, 0.125, 0.5]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weight", 0.25),
        ("span", "student"),
        ("span", "teacher"),
        ("detach_teacher", False),
        ("detach_teacher", True),
        ("temperature", 1.5),
        ("label_smoothing", 0.1),
        ("class_weights", [1.0, 2.0]),
        ("layers", ["a"]),
        ("threshold", 0.5),
    ],
)
def test_an_option_reaches_every_kind_that_has_it(name, value):
    kinds = with_option(name)
    assert len(kinds) > 2
    for kind in kinds:
        term = made(kind, **{name: value})
        holder = term if hasattr(term, name) else term.distance
        assert getattr(holder, name) == value, kind


def test_a_weight_of_zero_is_allowed():
    assert weights(Objective(0.0, ramp_epochs=1), 3) == [0]


def test_the_base_needs_no_exits_and_defines_no_term():
    objective = Objective().connect(vgg9(width=1 / 64), Timesteps(1, 2))
    assert not objective.needs_exits
    with pytest.raises(NotImplementedError):
        objective(NetOutput(torch.zeros(2, 3, 4)), torch.zeros(3))


@pytest.mark.parametrize("place", [0, -1, "stages.1"])
def test_a_single_place_is_one_of_a_list(place):
    assert named_places(place) == named_places([place]) == (place,)


def test_no_place_at_all_is_refused():
    assert named_places(None) is None
    with pytest.raises(UsageError, match=r"^exits.taps: got none, .* such as \[1\]$"):
        named_places([], "exits.taps")
