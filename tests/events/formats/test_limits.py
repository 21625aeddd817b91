import dataclasses

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.events.formats.limits import require_fits

from .recordings import of, with_times

SOUND = of([1, 2, 3], [0, 5, 127], [0, 6, 99], [0, 1, 1])


def fits(events):
    require_fits(events, form="the format", latest=1000, size=(100, 128))


def test_what_fits_passes():
    fits(SOUND)
    fits(of([], [], [], []))
    fits(of([0, 1000], [0, 127], [0, 99], [0, 1]))


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (of([1], [128], [0], [0]), r"x from 128 to 128, the format holds 0 to 127: "),
        (of([1], [0], [100], [0]), r"y from 100 to 100, the format holds 0 to 99: "),
        (of([1], [0], [0], [2]), r"p from 2 to 2, the format holds 0 to 1: "),
        (of([1001], [0], [0], [1]), r"t from 1001 to 1001, the format holds 0 to 1000: "),
        (of([-1], [0], [0], [1]), r"t from -1 to -1, the format holds 0 to 1000: "),
        (with_times(SOUND, [1, 3, 2]), "not in order of time"),
        (dataclasses.replace(SOUND, x=np.zeros(2, np.uint16)), r"have \[2, 3\] entries"),
    ],
)
def test_what_does_not_fit_is_refused(events, message):
    with pytest.raises(UsageError, match=message):
        fits(events)
