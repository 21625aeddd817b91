import torch
import torch.nn.functional as F
from torch import nn

from tssd.evaluation.norm_calls import NormCalls


def test_inputs_come_with_the_running_mean_that_they_are_normalised_by():
    norm, x, seen = nn.BatchNorm1d(2).eval(), torch.rand(3, 2), []
    with NormCalls(lambda inputs, mean: seen.append((inputs, mean))):
        y = norm(x)
        F.batch_norm(x, running_mean=norm.running_mean, running_var=norm.running_var)
        torch.batch_norm(
            x, None, None, norm.running_mean, norm.running_var, False, 0.1, 1e-5, False
        )
        F.batch_norm(x, None, None, training=True)  # keeps none
        nn.LayerNorm(2)(x)
    assert [(inputs is x, mean is norm.running_mean) for inputs, mean in seen] == [(True, True)] * 3
    torch.testing.assert_close(y, norm(x))
    assert len(seen) == 3
