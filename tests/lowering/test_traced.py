import pytest
from torch import nn

from tssd.errors import UsageError
from tssd.lowering.draft import Draft
from tssd.lowering.reader import Reader


def reader():
    return Reader(Draft((2, 3, 4)), nn.Identity())


def test_axes_of_length_one_are_a_view_and_flattening_takes_them_off():
    x = reader().input().flatten(2)
    assert (x.source, x.shape) == ("flatten", (24,))
    seen = x[..., None, None]
    assert (seen.source, seen.shape) == ("flatten", (24, 1, 1))
    # An operation that keeps the shape keeps the view.
    assert seen.then("lif", options={}, shape=(24,)).shape == (24, 1, 1)
    assert seen.flatten(-3).source == "flatten"


def test_a_sum_is_a_step_and_nothing_else_is_added():
    x = reader().input()
    assert (x + x).source == "add"
    with pytest.raises(UsageError, match=r"net \(Identity\): its forward pass adds a float"):
        x + 1.0
    with pytest.raises(AttributeError):
        _ = x.__array__
    with pytest.raises(UsageError, match=r"uses \.view"):
        x.view(1)
    with pytest.raises(UsageError, match="uses __iter__"):
        list(x)
