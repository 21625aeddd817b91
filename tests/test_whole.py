import numpy as np
import pytest
import torch

from tssd.errors import UsageError
from tssd.whole import whole


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), torch.tensor(3)])
def test_numbers_of_numpy_and_torch_become_python_s(value):
    found = whole("n", value, 3, 3)
    assert found == 3 and type(found) is int


@pytest.mark.parametrize(
    ("value", "bounds", "told"),
    [
        (0, (1,), "n: got 0, expected a whole number >= 1"),
        (np.int64(7), (1, 5), r"n: got np.int64\(7\), expected a whole number >= 1 and <= 5"),
        (-1, (0,), "n: got -1, expected a whole number >= 0"),
        (6, (None, 5), "n: got 6, expected a whole number <= 5"),
        (1, (None, 0), "n: got 1, expected a whole number <= 0"),
        (2.0, (1,), "n: got 2.0, expected a whole number >= 1"),
        (True, (1,), "n: got True, expected a whole number >= 1"),
        ("2", (), "n: got '2', expected a whole number"),
        (torch.ones(2, dtype=torch.int), (), "n: got tensor"),
    ],
)
def test_anything_else_is_refused(value, bounds, told):
    with pytest.raises(UsageError, match=f"^{told}"):
        whole("n", value, *bounds)
