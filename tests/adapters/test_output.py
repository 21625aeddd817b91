import pytest
import torch

from tssd.adapters.output import checked, first_tensor, is_average, listed_logits
from tssd.errors import UsageError

T, N, K = 4, 3, 5


@pytest.mark.parametrize(
    ("shape", "layout", "fix"),
    [
        ((N, K), "time_first", "return the logits of every timestep, not their mean"),
        ((T * N, K), "batch_first", r"unflatten\(0, \(N, T\)\)"),
        ((N, T, K), "time_first", "layout='batch_first' if the input is alike"),
        ((N, T, K), "repeating", "transpose the output"),
        ((2, N, K), "repeating", "set_timesteps was called with 4 and had no effect"),
        ((2, N, K), "stepped", "return one timestep's logits, or use layout='repeating'"),
        ((T, N, K, 2), "stepped", "is the network for whole sequences"),
        ((2, T, N, K), "time_first", "layout='repeating' with set_timesteps"),
        ((T, N, K, 2), "time_first", "end the network with one logit a class"),
    ],
)
def test_each_wrong_shape_has_its_fix(shape, layout, fix):
    with pytest.raises(UsageError, match=fix) as error:
        checked(torch.rand(shape), layout, T, N)
    assert "\n" not in str(error.value)
    assert str(list(shape)) in str(error.value)


def test_a_list_that_starts_otherwise_is_told_as_a_list():
    with pytest.raises(UsageError, match=r"got a list that starts with shape \[3, 5\]"):
        checked([torch.rand(N, K)] * 2, "time_first", T, N)


def test_a_list_is_a_sequence_only_if_it_has_t_alike_entries():
    alike = [torch.rand(N, K) for _ in range(T)]
    stacked = listed_logits(tuple(alike), T, N)
    assert stacked is not None
    assert torch.equal(stacked, torch.stack(alike))
    others = (alike[:2], [*alike[:3], None], [*alike[:3], torch.rand(N, 2)], torch.rand(T, N, K))
    for other in (*others, [torch.ones(N, K, dtype=torch.long)] * T):
        assert listed_logits(other, T, N) is None


def test_an_average_has_no_time_axis():
    assert is_average(torch.rand(N, K), N)
    assert is_average((torch.rand(N, K), None), N)
    assert not is_average(torch.rand(T, N, K), N)
    assert first_tensor([]) is None
