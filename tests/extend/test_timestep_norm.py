import pytest
import torch

from tssd.errors import UsageError
from tssd.longest import build_for
from tssd.norms import pooled_batch_norm
from tssd.testing import check_norm


@pytest.fixture
def kind(part):
    return part("timestep_norm").TimestepNorm


def test_it_keeps_the_contract(kind):
    check_norm(kind)


def test_with_scales_of_one_it_is_batch_norm(kind):
    norm, plain = kind(3), pooled_batch_norm(3)
    x = torch.randn(4, 2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(norm(x), plain(x))
    build_for(norm, 4)
    assert torch.equal(norm(x), plain(x))
    norm.scale.data = torch.arange(1.0, 13).view(4, 3)
    torch.testing.assert_close(norm(x), plain(x) * norm.scale.view(4, 1, 3, 1, 1))


def test_a_network_trains_a_scale_for_each_timestep_and_runs_no_longer(train):
    parts, _ = train("timestep_norm")
    scales = [p for name, p in parts.net.named_parameters() if name.endswith(".scale")]
    assert len(scales) == 8 and {len(p) for p in scales} == {4}
    assert all((p != 1).any(1).all() for p in scales)
    images = torch.rand(2, 1, 16, 16)
    parts.net.eval()
    for timesteps in (1, 4):
        parts.net(images.expand(timesteps, *images.shape))
    with pytest.raises(UsageError, match="^timesteps: got 5, but .* for 4"):
        parts.net(images.expand(5, *images.shape))
