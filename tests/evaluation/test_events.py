import pytest
import torch

from tssd.evaluation.events import CHUNK, Pass, Tally, count_events, density


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


@pytest.mark.parametrize("batch_first", [False, True])
def test_a_pass_finds_the_timesteps_in_any_shape(batch_first):
    x = torch.arange(3 * 2 * 5.0).view(3, 2, 5)  # [T, N, F]
    seen = x.transpose(0, 1) if batch_first else x
    run = Pass(timesteps=3, samples=2, batch_first=batch_first)
    assert torch.equal(run.split(seen, has_time=True), x)
    assert torch.equal(run.split(seen.flatten(0, 1), has_time=False), x)
    assert torch.equal(run.split(x[0], has_time=False), x[:1])
    assert run.split(torch.zeros(12, 5), has_time=False) is None
    assert run.split(torch.zeros(4, 2, 5), has_time=True) is None


def spikes(*counts):
    """[S, 1, 4] with so many spikes a step."""
    return torch.stack([(torch.arange(4) < n).float().unsqueeze(0) for n in counts])


def tally_of(*calls, timesteps=2, once=False):
    tally = Tally(timesteps)
    for call in calls:
        tally.add(call, samples=1, macs=8 * len(call))
    tally.close_pass(1, once=once)
    return tally


def test_a_whole_sequence_and_its_steps_tally_alike():
    whole, steps = tally_of(spikes(1, 3)), tally_of(spikes(1), spikes(3))
    assert density([whole], 2) == density([steps], 2) == (1 / 4, 4 / 8)
    (geometry, events, runs), *others = whole.cumulative()
    assert (geometry.values, geometry.macs, events, runs) == (4, 8, [1, 4], [1, 2])
    assert not others and not whole.unplaced and not steps.unplaced


def test_a_layer_that_is_used_twice_a_step_counts_twice():
    whole = tally_of(spikes(1, 3), spikes(2, 2))
    steps = tally_of(spikes(1), spikes(2), spikes(3), spikes(2))
    for tally in (whole, steps):
        [(_, events, runs)] = tally.cumulative()
        assert (events, runs) == ([3, 8], [2, 4])


def test_one_call_for_all_timesteps_counts_once():
    [(_, events, runs)] = tally_of(spikes(3), timesteps=4).cumulative()
    assert (events, runs) == ([3, 3, 3, 3], [1, 1, 1, 1])


@pytest.mark.parametrize(
    "calls",
    [
        [spikes(3, 3, 3), spikes(1, 1, 1)],
        [spikes(3), spikes(1)],
        [spikes(3), spikes(1)] * 3,
    ],
    ids=["whole", "folded", "stepped"],
)
def test_what_stays_the_same_in_time_counts_once_though_used_twice(calls):
    [(_, events, runs)] = tally_of(*calls, timesteps=3, once=True).cumulative()
    assert (events, runs) == ([4, 4, 4], [2, 2, 2])


def test_calls_that_fit_no_timestep_are_marked():
    assert tally_of(spikes(1), spikes(1), spikes(1)).unplaced
    assert tally_of(spikes(1), spikes(1, 1)).unplaced
    assert tally_of(spikes(1, 1), timesteps=2).unplaced is False


def test_images_of_different_sizes_are_tallied_apart():
    tally = tally_of(spikes(1, 3))
    tally.add(torch.ones(2, 1, 6), samples=1, macs=2 * 12)
    tally.close_pass(1)
    assert [(g.values, g.macs) for g, _, _ in tally.cumulative()] == [(4, 8), (6, 12)]
    assert density([tally], 2) == (7 / 10, 16 / 20)
