"""How sure an accuracy is that was measured on so many samples."""

import math

# Of the normal distribution: 95 % lie within so many standard deviations.
SPREAD = 1.959963984540054


def accuracy_interval(share: float, samples: int) -> tuple[float, float]:
    """The 95 % interval of a share of right answers, by Wilson's score.

    >>> "{:.3f} to {:.3f}".format(*accuracy_interval(0.95, 200))
    '0.910 to 0.973'

    It is about the choice of the test samples. Trainings with other seeds differ besides.

    Args:
        share: of right answers, 0 to 1.
        samples: number of test samples, at least 1.
    Source: Wilson 1927, J. Am. Stat. Assoc. 22:209.
    """
    square = SPREAD**2 / samples
    centre = (share + square / 2) / (1 + square)
    half = SPREAD * math.sqrt(share * (1 - share) / samples + square / samples / 4) / (1 + square)
    return max(0.0, centre - half), min(1.0, centre + half)
