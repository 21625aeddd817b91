import pytest
import torch

from tssd.dry_run.stand_in import StandIn
from tssd.errors import UsageError


def test_images():
    data = StandIn(batch_size=5, channels=1, size=16, classes=7)
    x, y = data.batch()
    assert (x.shape, x.dtype, y.shape) == ((5, 1, 16, 16), torch.float32, (5,))
    assert (data.sample_shape, data.num_classes) == ((1, 16, 16), 7)
    assert len(data.mean) == len(data.std) == 1
    assert set(y.tolist()) <= set(range(7))
    assert data.split_hash == StandIn(channels=1, size=16, classes=7).split_hash
    assert torch.equal(x, StandIn(batch_size=5, channels=1, size=16, classes=7).batch()[0])


def test_events_are_counts_for_as_long_as_the_network_runs():
    data = StandIn(batch_size=3, channels=2, size=8, events=True)
    data.connect(student=2, teacher=4, longest=6)
    x, _ = data.batch()
    assert (x.shape, x.dtype) == ((6, 3, 2, 8, 8), torch.uint8)
    assert 0 < x.float().mean() < 0.3


def test_nonsense_is_refused():
    with pytest.raises(UsageError, match="got 0 x 32 x 32"):
        StandIn(channels=0)
