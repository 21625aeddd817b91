import pytest
import torch

from tssd.evaluation.counting import CHUNK, Column, count_events, count_inputs


@pytest.mark.parametrize("shape", [(1, 5), (4, 3, 7), (3, CHUNK + 11), (5, CHUNK // 5)])
@pytest.mark.parametrize("dtype", [torch.float, torch.double, torch.bfloat16, torch.int64])
def test_events_are_counted_exactly(shape, dtype):
    x = torch.randint(-1, 2, shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    assert torch.equal(count_events(x), torch.stack([step.count_nonzero() for step in x]))


def test_fractions_and_tensors_of_any_layout_are_counted():
    x = torch.rand(2, 3, 4, 5) * (torch.rand(2, 3, 4, 5) < 0.5)
    expected = [step.count_nonzero().item() for step in x]
    assert count_events(x).tolist() == expected
    assert count_events(x.contiguous(memory_format=torch.channels_last)).tolist() == expected
    assert count_events(x[:1].expand(3, 3, 4, 5)).tolist() == expected[:1] * 3


def by_hand(x, taps):
    """The same sums, written down once more."""
    events, graded = x != 0, (x != 0) & (x != 1)
    axes = tuple(range(1, x.dim()))
    columns = [events, events * taps, graded, graded * taps]
    return torch.stack([column.sum(axes) for column in columns], 1)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((3, 2, 4, 5, 6), (5, 6)),
        ((1, 2, 3, 2, 3, 2), (2, 3, 2)),
        ((4, 2, 3, 7), (7,)),
        ((2, 3, 9), (9,)),
        ((2, 1, 3, 300, 310), (300, 310)),  # a row is larger than a chunk
        ((5, 3, CHUNK // 50, 2, 2), (2, 2)),  # several chunks
    ],
)
@pytest.mark.parametrize("dtype", [torch.float, torch.double, torch.bfloat16, torch.uint8])
def test_inputs_are_counted_exactly(shape, size, dtype):
    generator = torch.Generator().manual_seed(0)
    values = torch.tensor([0, 0, 1, 1, 2] if dtype == torch.uint8 else [0, 0, 1, 0.25, -1])
    x = values[torch.randint(0, 5, shape, generator=generator)].to(dtype)
    taps = torch.randint(0, 50, size, generator=generator)
    assert torch.equal(count_inputs(x, taps), by_hand(x, taps))


def test_a_view_and_any_layout_are_counted():
    x = torch.rand(2, 3, 4, 5, 5) * (torch.rand(2, 3, 4, 5, 5) < 0.5)
    taps = torch.arange(25).view(5, 5)
    expected = by_hand(x, taps)
    lasting = x.flatten(0, 1).contiguous(memory_format=torch.channels_last).unflatten(0, (2, 3))
    assert torch.equal(count_inputs(lasting, taps), expected)
    view = x[:1].expand(3, 3, 4, 5, 5)
    assert torch.equal(count_inputs(view, taps), expected[:1].expand(3, 4))


def test_whole_numbers_above_one_are_graded_and_minus_zero_is_none():
    x = torch.tensor([[[1.0, 2.0, 0.5, 0.0, -0.0, -1.0]]])
    [counts] = count_inputs(x, torch.ones(6, dtype=torch.int64)).tolist()
    assert (counts[Column.EVENTS], counts[Column.GRADED]) == (4, 3)
