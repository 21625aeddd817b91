import json

import numpy as np

from tssd.exporting.state import described, initial_membranes
from tssd.lowering import LoweredNet


def test_membranes_begin_as_the_graphs_own(graph, x):
    state = json.loads(json.dumps(described(graph)))
    found = initial_membranes(state, 5)
    expected = dict(zip(found, LoweredNet(graph).initial_state(x[0]), strict=True))
    assert [*found] == [node.name for node in graph.neurons()]
    for name, value in found.items():
        assert value.dtype == np.float32 and value.flags.writeable
        assert np.array_equal(value, expected[name].numpy())
    # MPBN's channels are turned over or not, and begin at 0.1 or -0.1.
    assert {*np.unique(found[state[0]["name"]])} == {np.float32(-0.1), np.float32(0.1)}
