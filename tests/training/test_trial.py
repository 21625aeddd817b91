from functools import partial

import pytest
import torch
from torch.optim import SGD

from tssd.training.trial import on_one_weight

MUON = getattr(torch.optim, "Muon", None)


def test_an_optimiser_tells_its_rate_before_it_has_a_network():
    made = on_one_weight(partial(SGD, lr=0.3))
    assert made.param_groups[0]["lr"] == 0.3
    assert [weight.shape for weight in made.param_groups[0]["params"]] == [(1,)]


@pytest.mark.skipif(MUON is None, reason="this torch has none of its own")
def test_one_that_takes_matrices_alone_gets_one():
    made = on_one_weight(partial(MUON, lr=0.3))
    assert [weight.shape for weight in made.param_groups[0]["params"]] == [(1, 1)]


def test_what_is_refused_for_its_options_is_not_tried_again():
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        on_one_weight(partial(SGD, lr=-1))
