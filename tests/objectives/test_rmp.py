import pytest

from tssd.errors import UsageError
from tssd.objectives import RMPLoss
from tssd.progress import set_progress

from .membranes import of_layers


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ({}, (0.5**2 + 0.5**2 + 0.25**2 + 0.5**2) / 4),
        ({"exponent": 1}, (0.5 + 0.5 + 0.25 + 0.5) / 4),
        ({"spike": 2.0}, (0.5**2 + 0.5**2 + 0.75**2 + 0.5**2) / 4),
    ],
)
def test_literal_values(options, first):
    # The second layer's membranes are all 0.
    assert of_layers(RMPLoss(**options)) == pytest.approx((first + 0) / 2)


def test_the_weight_rises_to_k_half_way_and_falls_again():
    term, weights = RMPLoss(weight=0.1), []
    assert term.current_weight == 0.1
    for epoch in (0, 2, 5, 8, 10, 12):
        set_progress(term, epoch, 10)
        weights.append(term.current_weight)
    # 2 k n/N, then 2 k (1 - n/N).
    assert weights == pytest.approx([0, 0.04, 0.1, 0.04, 0, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exponent": 3}, "^exponent: got 3, expected 1 or 2$"),
        ({"spike": 0.0}, "^spike: got 0.0, expected a finite potential > 0, in thresholds$"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        RMPLoss(**options)
