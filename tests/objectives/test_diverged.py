import math

import pytest
import torch

from tssd.objectives import DivergedError
from tssd.objectives.diverged import check_weights, diverged


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_weight_that_is_not_finite_is_named(value):
    weights = {"a": torch.ones(3), "b": torch.ones(2, 2, dtype=torch.bfloat16), "c": torch.ones(1)}
    check_weights(weights)
    weights["b"][1, 0] = value
    with pytest.raises(DivergedError, match=r"^weights: b became infinite or nan; lower the learn"):
        check_weights(weights)


def test_weights_that_overflow_their_norm_whole_numbers_and_none_are_finite():
    check_weights({"big": torch.full((2,), 1e38), "n": torch.ones(1, dtype=torch.int64)})
    check_weights({})


def test_a_loss_names_its_terms_and_the_sample():
    logits, nan, one = torch.zeros(4, 3, 2), torch.tensor(math.nan), torch.tensor(1.0)
    error = diverged(logits, nan, {"task": one, "temporal": nan, "spatial": nan})
    assert error.what == "loss: temporal, spatial became nan"
    assert error.exit_code == 1
    assert diverged(logits, torch.tensor(math.inf), {"task": one}).what == (
        "loss: the weighted sum became inf"
    )
    logits[3, 2, 0] = math.nan
    assert diverged(logits, nan, {"task": nan}).what == (
        "loss: task became nan from the logits of sample 2 of the batch"
    )
