import numpy as np
import pytest

from graph.small import LIF, conv, ones
from tssd.graph import Node


def test_arrays_cannot_be_written_and_the_callers_still_can():
    weight = ones(2)
    node = Node("n", "affine", ("input",), (2,), {"scale": weight, "shift": weight})
    with pytest.raises(ValueError, match="read-only"):
        node.arrays["scale"][0] = 3
    weight[0] = 2


def test_a_constant_of_the_layer_or_of_each_channel():
    fire = Node("n", "lif", ("input",), (2, 3, 3), {"threshold": np.float32([1, 2])}, LIF)
    assert fire.number("decay") == np.float32(0.5)
    assert fire.number("threshold").shape == (2, 1, 1)
    with pytest.raises(KeyError):
        conv().number("threshold")
