import itertools

import pytest
import torch
from torch import nn

from tssd.evaluation.layers import has_time, work, works
from tssd.models.attention import SpikeProduct, TokenSum


def taps_by_hand(conv, size):
    """Pairs of output and weight that read an input, found one by one."""
    met = torch.zeros(size, dtype=torch.int64)
    k, s, d = conv.kernel_size, conv.stride, conv.dilation
    out = conv(torch.zeros(1, conv.in_channels, *size)).shape[2:]
    if conv.padding == "same":
        pad = [(dd * (kk - 1)) // 2 for kk, dd in zip(k, d, strict=True)]
    else:
        pad = [0] * len(k) if conv.padding == "valid" else conv.padding
    for position in itertools.product(*map(range, out)):
        for weight in itertools.product(*map(range, k)):
            read = [
                p * ss + w * dd - pp
                for p, w, ss, dd, pp in zip(position, weight, s, d, pad, strict=True)
            ]
            if all(0 <= r < n for r, n in zip(read, size, strict=True)):
                met[tuple(read)] += 1
    return met


@pytest.mark.parametrize(
    ("conv", "size"),
    [
        (nn.Conv2d(2, 4, 3, padding=1), (5, 6)),
        (nn.Conv2d(2, 4, 3, padding=1, stride=2), (5, 6)),
        (nn.Conv2d(2, 4, (3, 2), padding=(2, 0), stride=(1, 3), dilation=(2, 1)), (6, 7)),
        (nn.Conv2d(2, 4, 5, padding="same"), (4, 4)),
        (nn.Conv2d(2, 4, 3, padding="valid"), (4, 5)),
        (nn.Conv2d(2, 4, 1, stride=2), (5, 5)),  # pixels that nobody reads
        (nn.Conv2d(4, 6, 3, padding=1, groups=2), (2, 2)),
        (nn.Conv1d(2, 4, 3, padding=1), (6,)),
        (nn.Conv3d(1, 2, 3, padding=1), (2, 3, 4)),
    ],
)
def test_every_input_meets_its_taps(conv, size):
    x = torch.zeros(3, conv.in_channels, *size)
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    with torch.inference_mode():
        found = work(conv, x, conv(x))
    assert torch.equal(torch.random.get_rng_state(), before)  # evaluation draws nothing
    assert torch.equal(found.taps, taps_by_hand(conv, size))
    assert found.fan_out == conv.out_channels // conv.groups
    assert found.macs == conv(x).numel() * conv.weight[0].numel()


@pytest.mark.parametrize("mode", ["circular", "replicate", "reflect"])
def test_padding_that_repeats_pixels_costs_what_they_do(mode):
    conv = nn.Conv2d(2, 4, 3, padding=1, padding_mode=mode)
    x = torch.zeros(1, 2, 4, 5)
    found = work(conv, x, conv(x))
    assert found.taps.sum() * 2 * found.fan_out == found.macs  # no tap is on zeros


def test_without_padding_both_counts_agree():
    conv = nn.Conv2d(4, 6, 3, groups=2)
    x = torch.zeros(5, 4, 7, 8)
    found = work(conv, x, conv(x))
    assert 5 * 4 * found.taps.sum() * found.fan_out == found.macs


def test_a_linear_layer_meets_every_input_once_an_output():
    linear = nn.Linear(6, 2)
    found = work(linear, torch.zeros(3, 7, 6), torch.zeros(3, 7, 2))
    assert (found.taps.tolist(), found.fan_out, found.macs) == ([1] * 6, 2, 3 * 7 * 12)


def test_time_is_told_by_the_number_of_axes():
    conv, linear, lead = nn.Conv2d(1, 1, 1), nn.Linear(6, 2), (4, 3)
    assert has_time(conv, torch.zeros(4, 3, 1, 5, 5), lead)
    assert not has_time(conv, torch.zeros(12, 1, 5, 5), lead)
    assert has_time(linear, torch.zeros(4, 3, 6), lead)
    assert not has_time(linear, torch.zeros(12, 6), lead)
    assert not has_time(linear, torch.zeros(12, 3, 6), lead)


def test_a_product_has_the_work_of_either_factor_and_a_sum_of_one():
    first, second = torch.zeros(2, 3, 4, 5, 6), torch.zeros(2, 3, 4, 6, 7)
    product = SpikeProduct()
    rows, columns = works(product, (first, second), product(first, second))
    macs = 2 * 3 * 4 * (5 * 6 * 7)
    assert (rows.macs, rows.fan_out, rows.taps.tolist()) == (macs, 7, [1])
    assert (columns.macs, columns.fan_out, columns.taps.tolist()) == (macs, 5, [1])
    # Event by event either factor, all of them events, comes to all multiply-accumulates.
    assert first.numel() * rows.fan_out == second.numel() * columns.fan_out == macs
    (tokens,) = works(total := TokenSum(), (first,), total(first))
    assert (tokens.macs, tokens.fan_out) == (first.numel(), 1)
    assert has_time(product, first, (2, 3)) and not has_time(product, first, (3, 2))
    (linear,) = works(nn.Linear(6, 2), (torch.zeros(3, 6),), torch.zeros(3, 2))
    assert linear.macs == 3 * 12
