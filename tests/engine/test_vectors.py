"""Events at every place of a word of 64, and neurons of whole blocks and of part of one."""

import numpy as np
import pytest

from .small import HARD, conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine.values import Signal  # noqa: E402

from .layers import check, signal, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)


def test_an_event_is_found_wherever_it_is():
    # 130 channels: two words and a rest.
    step = step_of(conv(RANDOM, "c", "x", (64, 1, 1), 130, kernel=1), neurons=None)
    one_each = np.eye(130, dtype=np.uint8).reshape(1, 130, 1, 1, 130)
    found = check(step, Signal(one_each, top=1)).array.reshape(130, 64)
    assert np.array_equal(found, step.weights.matrix[0] + step.weights.bias)


@pytest.mark.parametrize("outputs", [64, 7])
def test_neurons_fire_and_reset_as_numpys(outputs):
    step = step_of(conv(RANDOM, "c", "x", (outputs, 3, 3), 4), HARD)
    check(step, signal(step, timesteps=5, rate=0.5))
