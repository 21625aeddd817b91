import numpy as np
import pytest
from torch import nn

from tssd.errors import UsageError
from tssd.lowering.draft import Draft
from tssd.lowering.reader import Reader

AFFINE = {"scale": np.ones(2), "shift": np.zeros(2)}


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


def test_who_holds_a_value_sees_what_is_added_in_place():
    x = reader().input().then("affine", arrays=AFFINE)
    held, clone, view = x, x.clone(), x.flatten(2)
    x += clone
    assert (held.source, clone.source) == ("add", "affine")
    assert x.flatten(2).source == "flatten:2"
    with pytest.raises(UsageError, match=r"^net \(Identity\): its forward pass changes a value in"):
        _ = view.source


def test_what_changes_a_view_changes_what_it_is_a_view_of():
    x = reader().input()
    view = x.seen_as(x.shape)
    view += view
    assert view.source == "add"
    with pytest.raises(UsageError, match="uses another view of it afterwards"):
        x + x


def test_a_mean_over_time_has_one_axis_less_in_front():
    mean = reader().input().mean_over_time()
    flat = mean.flatten(1)
    assert (mean.lead, flat.source, flat.averaged) == (1, "flatten", True)
    assert (mean + reader().input()).averaged
    with pytest.raises(UsageError, match="^max_pool: it gets a mean over time, but is a max_pool"):
        mean.then("max_pool")
