import numpy as np
import pytest
import torch

from events.recordings import MemoryRecording, random_events
from tssd.data.event_augment import HorizontalFlip
from tssd.data.event_samples import EventPart, EventSamples
from tssd.events import FixedTime
from tssd.events.build import open_frames
from tssd.events.pooling import cell_area


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Six recordings of a 12x16 sensor as frames [3, 2, 8, 8]."""
    recordings = [
        MemoryRecording(f"r{n}", lambda n=n: [random_events(900, seed=n)]) for n in range(6)
    ]
    return open_frames(
        tmp_path_factory.mktemp("cache"),
        {"dataset": "set"},
        recordings,
        slicing=FixedTime(30.0),
        slices=3,
        size=(8, 8),
        progress=False,
    )


@pytest.fixture
def part(cache):
    return EventPart(lambda: cache, np.array([1, 3, 4]), np.array([0, 1, 0]), (2, 8, 8))


def test_a_part_selects_its_own_samples(part, cache):
    source = part.select(np.array([2, 0]))
    assert (len(source), part.shape()) == (2, (2, 8, 8))
    found = source[torch.tensor([1, 0, 1])]
    assert (found.shape, found.dtype) == ((3, 3, 2, 8, 8), torch.uint8)
    np.testing.assert_array_equal(found.numpy(), cache.frames[[1, 4, 1]])


def test_a_part_opens_the_cache_only_when_frames_are_selected():
    part = EventPart(lambda: pytest.fail("opened"), np.arange(2), np.arange(2), (2, 8, 8))
    assert part.shape() == (2, 8, 8)


def test_a_batch_has_time_first_and_may_be_written_to(part, cache):
    samples = EventSamples(part.select(np.arange(3)), torch.tensor([5, 6, 7]))
    x, y = samples.__getitems__([2, (9, 0)])
    assert (x.shape, x.dtype, y.tolist()) == ((3, 2, 2, 8, 8), torch.uint8, [7, 5])
    assert x.is_contiguous()
    np.testing.assert_array_equal(x[:, 0].numpy(), cache.frames[4])
    np.testing.assert_array_equal(x[:, 1].numpy(), cache.frames[1])
    x += 1
    np.testing.assert_array_equal(samples[2][0].numpy() + 1, x[:, 0].numpy())
    assert samples[2][0].shape == (3, 2, 8, 8)


def test_averages_are_sums_over_the_area_of_each_cell(part):
    area = cell_area((12, 16), (8, 8))
    assert sorted(set(area.ravel().tolist())) == [2.0, 4.0]
    labels = torch.zeros(3, dtype=torch.int64)
    sums, means = (EventSamples(part.select(np.arange(3)), labels, area=a) for a in (None, area))
    x = means[1][0]
    assert x.dtype == torch.float32
    assert torch.equal(x, sums[1][0].float() / torch.from_numpy(area))


def test_augmentation_is_drawn_by_seed_epoch_and_sample(part):
    labels = torch.zeros(3, dtype=torch.int64)
    plain = EventSamples(part.select(np.arange(3)), labels)
    samples = EventSamples(part.select(np.arange(3)), labels, augment=[HorizontalFlip()], seed=3)
    flipped = {}
    for epoch in range(6):
        for n in range(3):
            x, expected = samples[epoch, n][0], plain[n][0]
            flipped[epoch, n] = torch.equal(x, expected.flip(-1))
            assert flipped[epoch, n] or torch.equal(x, expected)
    assert 0 < sum(flipped.values()) < 18
    again = {key: torch.equal(samples[key][0], plain[key[1]][0].flip(-1)) for key in flipped}
    assert again == flipped
