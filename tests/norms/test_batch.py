import pytest
import torch

from tssd.norms import per_step_batch_norm, pooled_batch_norm

T, N, C = 3, 5, 2


def drifting_input():
    # Mean and spread change from step to step, so that pooled and per-step statistics differ.
    torch.manual_seed(0)
    steps = torch.arange(1.0, T + 1).view(T, 1, 1, 1, 1)
    return torch.randn(T, N, C, 4, 4) * steps + 3 * steps


@pytest.mark.parametrize(
    ("build", "axes"), [(pooled_batch_norm, (0, 1, 3, 4)), (per_step_batch_norm, (1, 3, 4))]
)
def test_norm_standardises_over_exactly_its_axes(build, axes):
    x = drifting_input()
    mean, var = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
    expected = (x - mean) / (var + 1e-5).sqrt()
    torch.testing.assert_close(build(C)(x), expected)


@pytest.mark.parametrize("build", [pooled_batch_norm, per_step_batch_norm])
def test_norm_has_one_scale_and_one_shift_a_channel(build):
    assert [p.shape for p in build(7).parameters()] == [(7,), (7,)]


def test_norms_differ_where_the_steps_differ():
    x = drifting_input()
    assert not torch.allclose(pooled_batch_norm(C)(x), per_step_batch_norm(C)(x), atol=0.1)
