"""Whether a network is surer than it is right, or less sure."""

import math

from tssd.runs.evaluation import Reliability

# Points; a smaller difference says nothing about a network.
SLIGHT = 0.01


def overconfidence(bins: Reliability) -> float:
    """Mean confidence minus accuracy over the test samples at `report_at`, as a share.

    >>> bins = Reliability(samples=(1, 3), confidence=(0.5, 0.9), accuracy=(1.0, 1.0))
    >>> round(overconfidence(bins), 3)
    -0.2

    Args:
        bins: of an evaluation.
    Edge cases: NaN where the bins of the calibration error were not recorded.
    """
    rows = zip(bins.samples, bins.confidence, bins.accuracy, strict=False)
    known = [(n, c, a) for n, c, a in rows if n and c is not None and a is not None]
    total = sum(n for n, _, _ in known)
    return sum(n * (c - a) for n, c, a in known) / total if total else math.nan


def in_words(difference: float) -> str:
    """Which of both, for a share.

    >>> in_words(-0.2), in_words(0.003)
    ('under-confident by 20.0 points', 'neither over- nor under-confident')
    """
    if math.isnan(difference):
        return "not recorded"
    if abs(difference) < SLIGHT:
        return "neither over- nor under-confident"
    return (
        f"{'over' if difference > 0 else 'under'}-confident by {100 * abs(difference):.1f} points"
    )
