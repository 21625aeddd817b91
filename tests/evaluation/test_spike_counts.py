import pytest
import torch

from tssd.evaluation.counting import Column
from tssd.evaluation.spike_counts import Pass, Tally, Work, density


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


def dense(macs, x):
    """A linear layer of two outputs."""
    return Work(macs, torch.ones(x.shape[-1], dtype=torch.int64), 2)


def tally_of(*calls, timesteps=2, **close):
    tally = Tally(timesteps)
    for call in calls:
        tally.add(call, samples=1, work=dense(8 * len(call), call))
    tally.close_pass(1, **close)
    return tally


def test_a_whole_sequence_and_its_steps_tally_alike():
    whole, steps = tally_of(spikes(1, 3)), tally_of(spikes(1), spikes(3))
    assert density([whole], 2) == density([steps], 2) == (1 / 4, 4 / 8)
    (geometry, columns, runs), *others = whole.cumulative()
    assert (geometry.values, geometry.macs, geometry.unpadded_macs) == (4, 8, 8)
    assert (columns[Column.EVENTS], runs) == ([1, 4], [1, 2])
    assert not others and not whole.unplaced and not steps.unplaced


def test_a_layer_that_is_used_twice_a_step_counts_twice():
    whole = tally_of(spikes(1, 3), spikes(2, 2))
    steps = tally_of(spikes(1), spikes(2), spikes(3), spikes(2))
    for tally in (whole, steps):
        [(_, (events, *_), runs)] = tally.cumulative()
        assert (events, runs) == ([3, 8], [2, 4])


def test_one_call_for_all_timesteps_counts_once():
    [(_, (events, *_), runs)] = tally_of(spikes(3), timesteps=4).cumulative()
    assert (events, runs) == ([3, 3, 3, 3], [1, 1, 1, 1])


def test_calls_for_all_timesteps_are_no_timesteps_though_as_many():
    [(_, (events, *_), runs)] = tally_of(spikes(3), spikes(1), folded=True).cumulative()
    assert (events, runs) == ([4, 4], [2, 2])


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
    [(_, (events, *_), runs)] = tally_of(*calls, timesteps=3, once=True).cumulative()
    assert (events, runs) == ([4, 4, 4], [2, 2, 2])


def test_calls_that_fit_no_timestep_are_marked():
    assert tally_of(spikes(1), spikes(1), spikes(1)).unplaced
    assert tally_of(spikes(1), spikes(1, 1)).unplaced
    assert tally_of(spikes(1, 1), timesteps=2).unplaced is False


def test_images_of_different_sizes_are_tallied_apart():
    tally = tally_of(spikes(1, 3))
    larger = torch.ones(2, 1, 6)
    tally.add(larger, samples=1, work=dense(2 * 12, larger))
    tally.close_pass(1)
    assert [(g.values, g.macs) for g, _, _ in tally.cumulative()] == [(4, 8), (6, 12)]
    assert density([tally], 2) == (7 / 10, 16 / 20)


def test_a_neuron_has_events_only():
    tally = Tally(2)
    tally.add(spikes(1, 3), samples=1)
    tally.close_pass(1)
    [(geometry, columns, _)] = tally.cumulative()
    assert columns == [[1, 4]]
    assert (geometry.values, geometry.macs) == (4, 0)
