import numpy as np
import pytest
import torch

from tssd.errors import UsageError
from tssd.neurons.numbers import numbers


@pytest.mark.parametrize(
    "given",
    [
        [0.5, 2],
        (0.5, np.float32(2)),
        np.array([0.5, 2.0], np.float32),
        torch.tensor([0.5, 2.0]),
        (x for x in (0.5, 2)),
    ],
)
def test_several_numbers(given):
    found = numbers("gates", given, "expected some")
    assert found == (0.5, 2.0) and all(type(value) is float for value in found)


@pytest.mark.parametrize(
    "given",
    [None, 0.5, True, "0.5", ["0.5"], [None], [True], [[0.5]], torch.tensor(0.5), np.eye(2)],
)
def test_what_is_no_list_of_them(given):
    with pytest.raises(UsageError, match=r"^gates: got .*, expected some$"):
        numbers("gates", given, "expected some")


def test_none_at_all_is_for_the_caller_to_judge():
    assert numbers("gates", [], "expected some") == ()
