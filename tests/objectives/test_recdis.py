import pytest

from tssd.errors import UsageError
from tssd.objectives import RecDisLoss

from .membranes import of_layers


def test_literal_values():
    first = (0.5**2 + 0.5**2 + 0.25**2 + 0.5**2) / 4 + (0.5625 - 0.5) ** 2
    assert of_layers(RecDisLoss()) == pytest.approx((first + (0 + 0.5**2)) / 2)
    first = (0.5**2 + 0.5**2 + 0.75**2 + 0.5**2) / 4 + (0.5625 - 1) ** 2
    assert of_layers(RecDisLoss(2.0)) == pytest.approx((first + (0 + 1**2)) / 2)


def test_a_spike_of_no_potential_is_refused():
    with pytest.raises(UsageError, match="^spike: got -1, expected a finite potential > 0"):
        RecDisLoss(-1)
