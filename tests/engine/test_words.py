"""Events at every place of a word of 64."""

import numpy as np
import pytest

from .small import conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine.values import Signal  # noqa: E402

from .layers import check, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)


def test_an_event_is_found_wherever_it_is():
    # 130 channels: two words and a rest.
    step = step_of(conv(RANDOM, "c", "x", (64, 1, 1), 130, kernel=1), neurons=None)
    one_each = np.eye(130, dtype=np.uint8).reshape(1, 130, 1, 1, 130)
    found = check(step, Signal(one_each, top=1)).array.reshape(130, 64)
    assert np.array_equal(found, step.weights.matrix[0] + step.weights.bias)
