"""The share of spikes that whole numbers change."""

import numpy as np

from tssd.engine import Network, changed_spikes

from .small import frames, network


def test_shares_are_counted_layer_by_layer():
    found = changed_spikes(network(), "int7", frames())
    exact, whole = (
        Network(network(), weights=w, backend="numpy").trace(frames()).spikes
        for w in ("float32", "int7")
    )
    assert found == {name: np.mean(s != exact[name]) for name, s in whole.items()}
    # The first layer stays as it is.
    assert found["first"] == 0
    assert 0 < found["wide"] < 0.05
