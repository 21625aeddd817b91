import copy
import math

import pytest
import torch
from torch import nn

from tssd.errors import DataError, UsageError
from tssd.time import (
    PerStep,
    TimeFold,
    as_sequence,
    each_step,
    is_constant_in_time,
    repeat_in_time,
    running_mean,
    time_mean,
)

T, N, C, H, W = 3, 5, 2, 4, 6
TARGET = torch.tensor([0, 4, 2])  # of the S samples that become a sequence
S = len(TARGET)


def sequence():
    torch.manual_seed(0)
    return torch.randn(T, N, C, H, W, dtype=torch.double)


def trained_batch_norm():
    """Batch norm whose scale, shift and running statistics are not the initial ones."""
    torch.manual_seed(1)
    norm = nn.BatchNorm2d(C).double()
    nn.init.uniform_(norm.weight, 0.5, 2)
    nn.init.uniform_(norm.bias, -1, 1)
    norm(torch.randn(7, C, H, W, dtype=torch.double))
    return norm


def run(apply, module, x):
    """Output, and gradients of a weighted sum of it by the input and the module's parameters."""
    x = x.detach().requires_grad_()
    y = apply(x)
    weights = torch.arange(y.numel(), dtype=y.dtype).sin().view(y.shape)
    return y, torch.autograd.grad((y * weights).sum(), [x, *module.parameters()])


class CountSamples:
    """Forward hook that writes down the batch size of every call."""

    def __init__(self, module):
        self.batches = []
        module.register_forward_hook(lambda _m, args, _y: self.batches.append(len(args[0])))


@pytest.mark.parametrize("train", [True, False])
def test_time_fold_of_batch_norm_is_batch_norm_of_the_folded_tensor(train):
    x, norm = sequence(), trained_batch_norm().train(train)
    ours, oracle = TimeFold(copy.deepcopy(norm)), copy.deepcopy(norm)

    y, g = run(ours, ours, x)
    z, h = run(lambda x: oracle(x.view(T * N, C, H, W)), oracle, x)

    torch.testing.assert_close(y, z.view(x.shape))
    torch.testing.assert_close(g, h)
    torch.testing.assert_close(ours[0].running_mean, oracle.running_mean)
    torch.testing.assert_close(ours[0].running_var, oracle.running_var)
    assert (ours[0].running_mean != norm.running_mean).all() == train


@pytest.mark.parametrize("fold", [TimeFold, PerStep])
def test_sample_n_of_step_t_stays_there(fold):
    x = torch.arange(T * N, dtype=torch.float).view(T, N, 1)
    assert torch.equal(fold(nn.Identity())(x), x)
    assert torch.equal(fold(nn.Identity())(x.transpose(0, 1)), x.transpose(0, 1))


def test_time_fold_changes_the_shape_behind_time_and_batch():
    assert TimeFold(nn.AvgPool2d(2), nn.Flatten())(sequence()).shape == (T, N, C * H * W // 4)


def test_a_view_equals_the_written_out_sequence():
    image, layers = sequence()[0], [nn.Conv2d(C, C, 3, padding=1).double(), trained_batch_norm()]
    viewed, written = TimeFold(*copy.deepcopy(layers)), TimeFold(*copy.deepcopy(layers))

    y, g = run(lambda x: viewed(repeat_in_time(x, T)), viewed, image)
    z, h = run(lambda x: written(repeat_in_time(x, T).contiguous()), written, image)

    torch.testing.assert_close(y, z)
    torch.testing.assert_close(g, h)
    torch.testing.assert_close(viewed[1].running_mean, written[1].running_mean)


def test_a_view_differs_only_in_the_unbiased_correction_of_the_running_variance():
    image = sequence()[0]
    norm = nn.BatchNorm2d(C, momentum=1.0).double()  # momentum 1: running = this batch's
    biased, n = image.var((0, 2, 3), unbiased=False), N * H * W

    TimeFold(norm)(repeat_in_time(image, T))
    torch.testing.assert_close(norm.running_var, biased * n / (n - 1))
    TimeFold(norm)(repeat_in_time(image, T).contiguous())
    torch.testing.assert_close(norm.running_var, biased * T * n / (T * n - 1))


def test_a_view_is_computed_once_and_stays_a_view():
    first, second = TimeFold(nn.Conv2d(C, C, 1).double()), TimeFold(nn.ReLU())
    counts = CountSamples(first[0]), CountSamples(second[0])
    image = sequence()[0]

    y = second(first(repeat_in_time(image, T)))
    second(first(repeat_in_time(image, T).contiguous()))

    assert is_constant_in_time(y)
    assert [count.batches for count in counts] == [[N, T * N]] * 2


def test_dropout_draws_one_mask_for_a_view():
    torch.manual_seed(0)
    x = torch.ones(N, 50)
    once = TimeFold(nn.Dropout(0.5))(repeat_in_time(x, T))
    each = TimeFold(nn.Dropout(0.5))(repeat_in_time(x, T).contiguous())
    assert torch.equal(once[0], once[1])
    assert not torch.equal(each[0], each[1])


def test_per_step_batch_norm_is_one_batch_norm_call_a_step():
    x, norm = sequence(), trained_batch_norm()
    ours, oracle = PerStep(copy.deepcopy(norm)), copy.deepcopy(norm)

    y, g = run(ours, ours, x)
    z, h = run(lambda x: torch.stack([oracle(x[0]), oracle(x[1]), oracle(x[2])]), oracle, x)

    torch.testing.assert_close(y, z)
    torch.testing.assert_close(g, h)
    torch.testing.assert_close(ours[0].running_mean, oracle.running_mean)
    torch.testing.assert_close(ours[0].running_var, oracle.running_var)


def test_per_step_updates_statistics_once_for_a_view_and_every_step_otherwise():
    image, norm = sequence()[0], nn.BatchNorm2d(C).double()
    y = PerStep(norm)(repeat_in_time(image, T))
    assert norm.num_batches_tracked == 1
    z = PerStep(norm)(repeat_in_time(image, T).contiguous())
    assert norm.num_batches_tracked == 1 + T
    torch.testing.assert_close(y, z)


def test_repeat_in_time_is_a_view():
    x = sequence()[0]
    y = repeat_in_time(x, T)
    assert y.shape == (T, *x.shape)
    assert y.stride(0) == 0
    assert y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    assert torch.equal(y[T - 1], x)


@pytest.mark.parametrize("timesteps", [0, -1])
def test_repeat_in_time_refuses_less_than_one_step(timesteps):
    with pytest.raises(UsageError, match=f"timesteps: got {timesteps}, expected .* >= 1"):
        repeat_in_time(torch.zeros(2), timesteps)


@pytest.mark.parametrize(
    ("x", "constant"),
    [
        (torch.zeros(2, 3).expand(T, 2, 3), True),
        (torch.zeros(T, 2, 3), False),  # the same values, but nobody promised it
        (torch.zeros(2, 3).expand(T, 2, 3)[:1], False),  # one step: nothing to save
        (torch.zeros(T, 1, 3).expand(T, 2, 3), False),  # repeated over the batch, not in time
    ],
)
def test_only_a_view_over_time_counts_as_constant(x, constant):
    assert is_constant_in_time(x) is constant


def test_one_step_is_folded_like_any_other_sequence():
    x, norm = sequence()[:1], trained_batch_norm()
    torch.testing.assert_close(TimeFold(copy.deepcopy(norm))(x)[0], copy.deepcopy(norm)(x[0]))


def test_what_each_step_does_of_views_alone_is_done_once():
    calls = []

    def add(a, b):
        calls.append(len(a))
        return a + b

    view, other = repeat_in_time(torch.randn(3, 2), 4), torch.randn(4, 3, 2)
    both = each_step(add, view, view)
    assert is_constant_in_time(both) and torch.equal(both, view + view)
    assert torch.equal(each_step(add, view, other), view + other)
    assert calls == [1, 4]


def test_running_mean_literal():
    x = torch.tensor([[2.0, 0.0], [4.0, 0.0], [0.0, 9.0]])
    assert torch.equal(running_mean(x), torch.tensor([[2.0, 0.0], [3.0, 0.0], [2.0, 3.0]]))


def test_time_mean_literal():
    x = torch.tensor([[2.0, 0.0], [4.0, 0.0], [0.0, 9.0]])
    assert torch.equal(time_mean(x, 2), torch.tensor([3.0, 0.0]))
    assert torch.equal(time_mean(x, 3), torch.tensor([2.0, 3.0]))


def test_time_mean_refuses_more_steps_than_there_are():
    with pytest.raises(UsageError, match="first 4 is wanted, but the sequence has 3"):
        time_mean(torch.zeros(3, 2), 4)


def test_one_sample_that_batch_norm_refuses_is_refused_in_one_line():
    layers = TimeFold(nn.Linear(3, 2), nn.BatchNorm1d(2))
    with pytest.raises(
        UsageError, match="^input: got a batch of one sample, .*drop_last=True"
    ) as e:
        layers(repeat_in_time(torch.rand(1, 3), 4))
    assert "\n" not in str(e.value)
    assert layers.eval()(repeat_in_time(torch.rand(1, 3), 4)).shape == (4, 1, 2)
    per_step = PerStep(nn.BatchNorm1d(3))
    with pytest.raises(UsageError, match="batch of one sample"):
        layers.train()(torch.rand(1, 1, 3))
    with pytest.raises(UsageError, match="batch of one sample"):
        per_step(repeat_in_time(torch.rand(1, 3), 4))


@pytest.mark.parametrize("shape", [(S, 3, 16, 16), (S, 6)])
def test_images_become_a_view_over_time(shape):
    x = torch.randn(shape)
    sequence = as_sequence(x, TARGET, 4)
    assert sequence.shape == (4, *shape)
    assert is_constant_in_time(sequence)
    assert torch.equal(sequence[-1], x)


@pytest.mark.parametrize("shape", [(6, S, 3, 16, 16), (6, S, 8)])
def test_sequences_are_cut_to_their_first_steps(shape):
    x = torch.randn(shape)
    assert torch.equal(as_sequence(x, TARGET, 6), x)
    assert torch.equal(as_sequence(x, TARGET, 4), x[:4])


@pytest.mark.parametrize("shape", [(3, S, 3, 16, 16), (1, S, 8)])
def test_sequences_that_are_too_short_are_refused(shape):
    with pytest.raises(UsageError, match=f"^timesteps: the data has {shape[0]}, but 4 are wanted;"):
        as_sequence(torch.zeros(shape), TARGET, 4)


@pytest.mark.parametrize("shape", [(S,), (S + 1, 3, 8, 8), (4, S + 1, 3, 8, 8), (1, 1, 1, 1, 1, S)])
def test_anything_else_is_refused_with_its_shape(shape):
    with pytest.raises(UsageError) as error:
        as_sequence(torch.zeros(shape), TARGET, 4)
    assert f"got shape {list(shape)} for {S} targets" in str(error.value)


def test_counts_of_events_become_floating_point():
    counts = torch.arange(24, dtype=torch.uint8).view(3, 2, 1, 2, 2)
    x = as_sequence(counts, torch.zeros(2, dtype=torch.int64), 2)
    assert x.dtype == torch.float32
    assert torch.equal(x, counts[:2].float())
    wide = as_sequence(counts.to(torch.uint16), torch.zeros(2, dtype=torch.int64), 2)
    assert torch.equal(wide, x)


@pytest.mark.parametrize("shape", [(S, 3, 4, 4), (S, 6), (6, S, 3, 4, 4), (6, S, 8)])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [torch.float, torch.double, torch.half, torch.bfloat16])
def test_a_value_that_is_not_finite_names_its_sample(shape, value, dtype):
    x = torch.rand(shape).to(dtype)
    sample = x[1] if len(shape) in (2, 4) else x[:, 1]
    sample[..., -1] = value
    with pytest.raises(DataError, match=f"^input: sample 1 of the batch has the value {value}, "):
        as_sequence(x, TARGET, 4)


def test_several_samples_are_counted_and_what_nobody_looks_at_is_not():
    x = torch.rand(6, S, 8)
    x[2, 0, 0] = x[3, 0, 5] = x[0, 2, 1] = math.nan
    x[4:, 1] = math.inf  # after the teacher's last step
    with pytest.raises(DataError, match="sample 0 of the batch and 1 more has the value nan"):
        as_sequence(x, TARGET, 4)


@pytest.mark.parametrize("dtype", [torch.float, torch.double, torch.half])
def test_finite_values_whose_sum_overflows_are_finite(dtype):
    x = torch.full((S, 6), torch.finfo(dtype).max, dtype=dtype)
    assert torch.equal(as_sequence(x, TARGET, 2)[1], x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([0.0], "got list, expected a tensor"),
        (torch.zeros(S, 6, dtype=torch.complex64), "got complex64 values, .* pass x.abs"),
        (torch.zeros(S, 6).to_sparse(), "got sparse_coo values, .* x.to_dense"),
    ],
)
def test_inputs_of_another_kind_are_refused_with_the_remedy(x, message):
    with pytest.raises(DataError, match=f"^input: {message}"):
        as_sequence(x, TARGET, 4)
