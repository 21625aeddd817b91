import pytest
import torch

from tssd.errors import UsageError
from tssd.models import NetOutput
from tssd.testing import check_objective


@pytest.fixture
def kind(part):
    return part("membrane_penalty").MembranePenalty


def test_it_keeps_the_contract(kind):
    check_objective(kind)
    check_objective(lambda: kind(0.2, weight=3.0, ramp_epochs=5))


def test_two_layers_by_hand(kind):
    # Means over time 1 and 2, then 0: squares 0.25 and 2.25, mean 1.25, and 0.25.
    first = torch.tensor([[[0.0, 1]], [[2, 3]]])
    out = NetOutput(torch.zeros(2, 1, 3), membranes={"a": first, "b": torch.zeros(2, 1, 4)})
    assert kind(0.5)(out, torch.tensor([0])).item() == pytest.approx((1.25 + 0.25) / 2)


def test_a_level_that_is_none_is_refused(kind):
    with pytest.raises(UsageError, match="^level: got nan, expected a finite potential"):
        kind(float("nan"))


def test_a_recipe_trains_with_it_and_its_ramp_is_logged(train):
    _, rows = train("membrane_penalty", epochs=3)
    assert [float(row["weight/membranes"]) for row in rows] == pytest.approx([0, 0.05, 0.1])
    penalties = [float(row["train/membranes"]) for row in rows]
    assert all(0 < penalty < 10 for penalty in penalties)
