"""Neurons of whole blocks of outputs and of part of one."""

import numpy as np
import pytest

from .small import HARD, conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from .layers import check, signal, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("outputs", [64, 7])
def test_neurons_fire_and_reset_as_numpys(outputs):
    step = step_of(conv(RANDOM, "c", "x", (outputs, 3, 3), 4), HARD)
    check(step, signal(step, timesteps=5, rate=0.5))
