import os
import random

import numpy as np
import pytest
import torch
from lightning import seed_everything

from tssd.training.process_kept import process_kept


@pytest.mark.parametrize("seeded", [None, "7"])
@pytest.mark.parametrize("fails", [False, True])
def test_all_that_a_training_sets_is_put_back(fails, seeded, monkeypatch):
    monkeypatch.delenv("PL_SEED_WORKERS", raising=False)
    monkeypatch.delenv("PL_GLOBAL_SEED", raising=False)
    if seeded:
        monkeypatch.setenv("PL_GLOBAL_SEED", seeded)

    def state():
        return (
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.backends.cudnn.benchmark,
            torch.utils.deterministic.fill_uninitialized_memory,
            torch.get_rng_state().tolist(),
            random.getstate(),
            str(np.random.get_state()),
            os.environ.get("PL_GLOBAL_SEED"),
            os.environ.get("PL_SEED_WORKERS"),
        )

    before = state()
    try:
        with process_kept():
            torch.set_num_threads(before[0] + 1)
            torch.use_deterministic_algorithms(not before[1], warn_only=True)
            torch.backends.cudnn.benchmark = not before[3]
            torch.utils.deterministic.fill_uninitialized_memory = not before[4]
            seed_everything(3, workers=True, verbose=False)
            torch.rand(1), random.random(), np.random.rand()
            inside = state()
            if fails:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert fails
    assert state() == before
    assert not any(a == b for a, b in zip(inside, before, strict=True))
