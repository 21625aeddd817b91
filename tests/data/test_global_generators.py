import random

import numpy as np
import torch

from tssd.data.global_generators import generators_kept, seed_generators


def drawn():
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_a_seed_decides_what_is_drawn_and_leaves_no_trace():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = drawn()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    with generators_kept():
        seed_generators(2**64 - 7)
        first = drawn()
        seed_generators(2**64 - 7)
        assert drawn() == first
        seed_generators(2**64 - 8)
        assert not {*drawn()} & {*first}
    assert drawn() == expected


def test_torch_draws_as_after_its_own_seed():
    with generators_kept():
        torch.manual_seed(5)
        expected = torch.rand(3)
        seed_generators(5)
        assert torch.equal(torch.rand(3), expected)
