import pytest
import torch

from tssd.evaluation.moments import Moments


@pytest.mark.parametrize("cut", [[9], [2, 6, 1], [1] * 9])
def test_batches_of_any_size_equal_one(cut):
    x = torch.randn(9, 4, 3, 3, generator=torch.Generator().manual_seed(0)).double() + 1e6
    found = Moments()
    for part in x.split(cut):
        found.add(part)
    assert found.count == 9 * 3 * 3
    flat = x.transpose(0, 1).flatten(1)
    torch.testing.assert_close(found.mean, flat.mean(1), rtol=1e-12, atol=0)
    torch.testing.assert_close(found.variance(), flat.var(1, correction=0), rtol=1e-8, atol=0)


def test_half_precision_is_added_up_in_double():
    x = torch.full((1, 2, 3), 0.5, dtype=torch.bfloat16)
    found = Moments()
    for _ in range(1000):
        found.add(x)
    assert found.mean.tolist() == [0.5, 0.5]
    assert (found.mean.dtype, found.variance().tolist()) == (torch.float64, [0, 0])
