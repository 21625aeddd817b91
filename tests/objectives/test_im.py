import math

import pytest

from tssd.errors import UsageError
from tssd.objectives import IMLoss

from .membranes import of_layers


@pytest.mark.parametrize("level", [1.0, 0.5, 0.0])
def test_literal_values(level):
    assert of_layers(IMLoss(level)) == pytest.approx((0.5625 - level) ** 2 + (0 - level) ** 2)
    assert of_layers(IMLoss(level, layers="a")) == pytest.approx((0.5625 - level) ** 2)


def test_the_paper_s_weight_is_the_default():
    assert IMLoss().weight == 2


def test_a_level_that_is_none_is_refused():
    with pytest.raises(UsageError, match="^level: got nan, expected a finite potential"):
        IMLoss(math.nan)
