import numpy as np

from tssd.errors import UsageError
from tssd.exporting import export
from tssd.exporting.request import Ran, UnsupportedError


def test_a_runtime_need_not_show_spikes():
    ran = Ran(np.zeros((1, 1, 2), np.float32))
    assert (ran.spikes, ran.exits) == ({}, {})


def test_what_is_not_supported_is_a_mistake_of_usage():
    assert issubclass(UnsupportedError, UsageError)
    assert UnsupportedError("x").exit_code == 2
    assert export.CALIBRATION > 0
