import math

import pytest

from tssd.report.confidence import in_words, overconfidence
from tssd.runs.evaluation import Reliability


def test_mean_confidence_minus_accuracy_by_hand():
    bins = Reliability((0, 3, 5), (None, 0.5, 0.9), (None, 0.25, 0.8))
    # (3 * 0.25 + 5 * 0.1) / 8
    assert overconfidence(bins) == pytest.approx(0.15625)


@pytest.mark.parametrize("bins", [Reliability(), Reliability((0,), (1.0,), (1.0,))])
def test_nothing_recorded(bins):
    assert math.isnan(overconfidence(bins))
    assert in_words(math.nan) == "not recorded"


def test_in_words():
    assert in_words(0.1234) == "over-confident by 12.3 points"
    assert in_words(-0.0099) == "neither over- nor under-confident"
