from tssd.runs.firing_limits import always_fires, never_fires


def test_sparse_and_busy_layers_are_neither():
    # A layer of 8,192 neurons with a spike in every sample and timestep passes something on.
    assert not any(map(never_fires, (1 / 8192, 0.01, 0.5, 1.0)))
    assert not any(map(always_fires, (0.0, 0.5, 0.9, 0.99)))
    assert never_fires(1e-6)
    assert always_fires(0.9999)
