import pytest
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.objectives import SelfDistillation, TaskCrossEntropy, Timesteps

REFUSED = [
    ([TaskCrossEntropy()], "^objectives: got a list, expected objectives by name, such as"),
    ({}, "^objectives: none given, expected at least one term"),
    ({"a.b": TaskCrossEntropy()}, "^objectives: got the name 'a.b', expected a word like task$"),
    ({"forward": TaskCrossEntropy()}, "^objectives: got the name 'forward'"),
    ({"loss": TaskCrossEntropy()}, "^objectives: got the name 'loss', which the sum of all terms"),
    (
        {"task": nn.CrossEntropyLoss()},
        r"^objectives.task: got CrossEntropyLoss\(\), expected a tssd.objectives.Objective, such",
    ),
    ({"task": TaskCrossEntropy}, "^objectives.task: got <class 'tssd.objectives.task.TaskCross"),
    ({"task": TaskCrossEntropy(weight=0)}, "^objectives: all weights are 0, expected one > 0"),
]


@pytest.mark.parametrize(("terms", "message"), REFUSED)
def test_what_makes_no_loss_is_refused_in_one_line(terms, message):
    with pytest.raises(UsageError, match=message) as error:
        SelfDistillation(terms, Timesteps(1, 2))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("timesteps", "exits", "message"),
    [
        (
            (1, 2),
            None,
            r"^timesteps: got \(1, 2\), expected the student's and .*Timesteps\(1, 4\)$",
        ),
        (4, None, "^timesteps: got 4, expected"),
        (Timesteps(1, 2), ["1"], r"^exits: got \['1'\], expected .*ExitPlan\(\[2\]\)$"),
        (Timesteps(1, 2), [], r"^exits: got \[\], expected"),
    ],
)
def test_what_is_no_plan_is_refused_when_the_loss_is_made(timesteps, exits, message):
    with pytest.raises(UsageError, match=message):
        SelfDistillation({"task": TaskCrossEntropy()}, timesteps, exits=exits)


def test_terms_of_another_loss_make_one():
    terms = tssd.control(1, 2).terms
    assert [*SelfDistillation(terms, Timesteps(1, 2)).terms] == ["task"]
