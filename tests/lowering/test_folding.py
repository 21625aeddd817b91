import numpy as np
import pytest
import torch
from torch import nn

from tssd.lowering.draft import Draft
from tssd.lowering.folding import _cells, fold

CONV = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 2}
LIF = {"decay": 0.5, "input_scale": 1.0, "offset": 0.0, "threshold": 1.0, "initial": 0.0}
LIF |= {"subtract": 1.0, "reset": "soft", "fires": "at"}


def draft_of(scale, *, pool="max_pool", shift=0.0, also_read=False):
    """Spikes of a height, a pool, a convolution; perhaps a sum that gets them too."""
    draft = Draft((4, 6, 6))
    draft.add("fire", "lif", ["input"], options=LIF)
    height = {"scale": np.array(scale), "shift": np.full(4, shift)}
    draft.add("height", "affine", ["fire"], arrays=height)
    options = {"kernel": [2, 2], "stride": [2, 2], "ceil": False}
    options |= {"padding": [0, 0]} if pool == "max_pool" else {}
    draft.add("pool", pool, ["height"], options=options)
    weights = {"weight": np.ones((6, 2, 3, 3)), "bias": np.ones(6)}
    draft.add("conv", "conv", ["pool"], arrays=weights, options=CONV)
    draft.add("flat", "flatten", ["conv"])
    draft.outputs = {"": "flat"}
    if also_read:
        draft.add("sum", "add", ["height", "fire"])
    fold(draft)
    return draft


def test_heights_of_spikes_go_through_pools_into_the_weights_of_each_group():
    draft = draft_of([1.0, 2.0, 3.0, 0.0])
    assert "height" not in draft.steps
    weight = draft.steps["conv"].arrays["weight"]
    assert weight[:, :, 0, 0].tolist() == [[1, 2]] * 3 + [[3, 0]] * 3


@pytest.mark.parametrize(
    "kept",
    [
        {"scale": [-1.0, 1.0, 1.0, 1.0]},  # the largest would become the smallest
        {"scale": [1.0] * 4, "shift": 0.5},  # which padding with zeros does not have
        {"scale": [2.0] * 4, "also_read": True},
    ],
)
def test_what_would_not_be_exact_stays(kept):
    draft = draft_of(**kept)
    assert "height" in draft.steps
    assert (draft.steps["conv"].arrays["weight"] == 1).all()


def test_a_mean_takes_negative_heights():
    assert "height" not in draft_of([-1.0, 1.0, 1.0, 1.0], pool="avg_pool").steps


def test_a_height_in_front_of_the_logits_stays():
    draft = Draft((4, 1, 1))
    draft.add("fire", "lif", ["input"], options=LIF)
    height = {"scale": np.full(4, 2.0), "shift": np.zeros(4)}
    draft.add("height", "affine", ["fire"], arrays=height)
    draft.add("flat", "flatten", ["height"])
    draft.outputs = {"": "flat"}
    fold(draft)
    assert [*draft.steps] == ["fire", "height", "flat"]


@pytest.mark.parametrize(("size", "cells"), [(3, 7), (7, 3), (1, 7), (9, 4)])
def test_shares_of_pixels_are_torchs(size, cells):
    row = torch.rand(1, size, dtype=torch.float64)
    expected = nn.AdaptiveAvgPool1d(cells)(row)[0].numpy()
    assert np.allclose(_cells(size, cells) @ row[0].numpy(), expected)
