"""A surrogate that draws masks: a resumed run draws those of an uninterrupted one."""

import pytest

from tssd.training.fit import fit

from .runs import is_same, small, stopped, table, weights

OPTIONS = {
    "net.neuron": "tssd.LIF",
    "net.neuron.surrogate": "tssd.surrogates.ASGL",
    "net.neuron.surrogate.noise": 0.5,
    "net.neuron.surrogate.noise_end": 0.1,
}


def test_a_resumed_run_is_the_same_bit_for_bit(tmp_path):
    fit(small(OPTIONS), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(OPTIONS), step=3), tmp_path / "resumed")
    fit(small(OPTIONS), tmp_path / "resumed", resume=True)
    assert is_same(weights(tmp_path / "whole"), weights(tmp_path / "resumed"))
    rows = table(tmp_path / "whole")
    assert rows == table(tmp_path / "resumed")
    noise = [[v for name, v in row.items() if name.endswith("surrogate.noise")] for row in rows]
    # Two neurons, and one in the exit.
    assert noise == [pytest.approx([0.5] * len(noise[0])), pytest.approx([0.3] * len(noise[0]))]
