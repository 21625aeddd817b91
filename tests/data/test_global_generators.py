import random

import numpy as np
import torch

from tssd.data.global_generators import generators_kept, seed_generators


def draws():
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_draws_inside_are_those_of_the_seed_and_leave_no_trace_outside():
    before = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()
    with generators_kept():
        seed_generators(2**63 + 5)
        inside = draws()
        seed_generators(2**63 + 5)
        assert draws() == inside
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert torch.equal(torch.get_rng_state(), before[2])
