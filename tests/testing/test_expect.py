import functools

import pytest
import torch

from tssd.testing.expect import expect, expect_same, name_of


def test_what_holds_is_silent_and_what_does_not_is_told():
    expect([1], "no")
    with pytest.raises(AssertionError, match="^no$"):
        expect([], "no")


def test_same_means_shape_and_values_and_nan_in_the_same_places():
    x = torch.tensor([1.0, torch.nan], dtype=torch.double)
    expect_same(x + 1e-12, x, "")
    with pytest.raises(AssertionError, match=r"^two: shape \[1, 2\] != \[2\]$"):
        expect_same(x[None], x, "two")
    with pytest.raises(AssertionError, match="^two: torch.float32 != torch.float64$"):
        expect_same(x.float(), x, "two")
    with pytest.raises(AssertionError, match="^two: they differ in 1 of 3 values, by up to 0.5$"):
        expect_same(torch.tensor([1, 2, 3.5]), torch.tensor([1.0, 2, 3]), "two")


def test_a_part_is_named_by_what_makes_it():
    assert name_of(dict, {}) == "dict"
    assert name_of(lambda: {}, {}) == "dict"
    assert name_of(functools.partial(dict, a=1), {"a": 1}) == "dict"
