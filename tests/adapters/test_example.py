import numpy as np
import pytest
import torch
from torch import nn

import tssd
from tssd.adapters import adapt
from tssd.adapters.example import probe_input, sample_dims_of
from tssd.adapters.net import in_dtype_of


@pytest.mark.parametrize(
    ("shape", "given", "dims", "steps"),
    [
        ((6, 20), None, 1, 4),
        ((5, 6, 20), None, 1, 5),
        ((6, 1, 8, 8), None, 3, 4),
        ((5, 6, 1, 8, 8), None, 3, 5),
        ((6, 2, 20), 2, 2, 4),
        ((5, 6, 2, 20), 2, 2, 5),
    ],
)
def test_axes_are_told_by_their_number_or_by_the_user(shape, given, dims, steps):
    example = torch.rand(shape)
    assert sample_dims_of(example, given) == dims
    assert probe_input(example, dims, None, None).shape == (steps, 3, *shape[-dims:])


@pytest.mark.parametrize(
    ("example", "given", "message"),
    [
        (torch.rand(6, 20), 2, "with sample_dims=2 signals"),
        (torch.rand(6, 20), 4, "sample_dims: got 4, expected 1"),
        (torch.full((6, 20), torch.nan), None, "example: got values that are not finite"),
        (torch.rand(6, 20) * 1j, None, "example: got torch.complex64"),
        (torch.eye(20).to_sparse(), None, r"example: got torch.sparse_coo, .* pass x.to_dense\(\)"),
    ],
)
def test_what_is_no_example_is_refused(example, given, message):
    with pytest.raises(tssd.UsageError, match=message):
        sample_dims_of(example, given)


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 6, 20), (1, 6, 1, 8, 8)])
def test_one_image_or_timestep_in_the_place_of_a_batch_is_told(shape):
    example = torch.rand(shape)
    with pytest.raises(tssd.UsageError, match=r"sequence .* of one timestep.*example\[None\]"):
        probe_input(example, sample_dims_of(example, None), None, None)


def test_timesteps_of_the_dry_run_are_a_whole_number_of_any_kind():
    images = torch.rand(6, 20)
    assert len(probe_input(images, 1, np.int64(3), None)) == 3
    for wrong in (True, 2.0, "3"):
        with pytest.raises(
            tssd.UsageError, match="^timesteps: got .* at least 2, in whole numbers"
        ):
            probe_input(images, 1, wrong, None)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool])
@pytest.mark.parametrize("net_dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_event_counts_become_what_the_network_computes_in(dtype, net_dtype):
    counts = torch.randint(2, (4, 6, 20)).to(dtype)
    module = nn.Sequential(nn.Linear(20, 8), tssd.LIF(), nn.Linear(8, 3)).to(net_dtype)
    net = adapt(module, ["1"], example=counts)
    assert torch.equal(net(counts).logits, net(counts.to(net_dtype)).logits)


def test_a_network_of_another_type_than_its_example_is_told():
    with pytest.raises(tssd.UsageError, match=r"pass example.to\(torch.float64\)"):
        adapt(nn.Sequential(nn.Linear(20, 3)).double(), example=torch.rand(6, 20))


def test_a_cast_of_a_repeated_image_stays_a_view():
    x = tssd.repeat_in_time(torch.ones(6, 20, dtype=torch.uint8), 4)
    assert in_dtype_of(nn.Linear(2, 2), x).stride(0) == 0
    assert in_dtype_of(nn.Flatten(), x).dtype == torch.float32
