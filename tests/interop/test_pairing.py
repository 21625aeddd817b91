from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.interop.pairing import paired
from tssd.models.vgg import biased_layer, vgg
from tssd.neurons import GLIF, LIF, PLIF
from tssd.norms import TEBN, TdBN, pooled_batch_norm

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def ours(**options):
    """Two convolutions with norms, one linear layer."""
    return vgg(((2,), (3,)), 1, 4, 4, block=biased_layer, **options)


def theirs(**shapes):
    """What SpikingJelly calls the same, out of order as safetensors has it."""
    found = {"classifier.0.weight": (4, 3), "classifier.0.bias": (4,)}
    for conv, c_in, c_out in ((0, 1, 2), (4, 2, 3)):
        found[f"features.{conv}.weight"] = (c_out, c_in, 3, 3)
        found[f"features.{conv}.bias"] = (c_out,)
        for leaf in NORM:
            found[f"features.{conv + 1}.{leaf}"] = () if leaf == NORM[-1] else (c_out,)
    found |= {name.replace("__", "."): shape for name, shape in shapes.items()}
    return {name: torch.zeros(shape) for name, shape in found.items() if shape is not None}


def test_every_tensor_has_its_partner():
    names = paired(ours(), theirs())
    assert names["stages.0.0.0.0.weight"] == "features.0.weight"
    assert names["stages.1.1.1.0.running_var"] == "features.5.running_var"
    assert names["head.2.bias"] == "classifier.0.bias"
    assert {*names} == {*ours().state_dict()}
    assert {*names.values()} == {*theirs()}


def test_weights_without_counters_of_batches_will_do():
    without = {name: x for name, x in theirs().items() if not name.endswith(NORM[-1])}
    names = paired(ours(), without)
    assert {*names.values()} == {*without}


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            {"features__4__weight": (3, 1, 3, 3)},
            r"has features\.4 \(weight \[3, 1, 3, 3\], bias \[3\]\), this one has "
            r"stages\.1\.1\.0\.0 \(weight \[3, 2, 3, 3\], bias \[3\]\); expected two networks",
        ),
        (
            {"features__4__bias": None},
            r"has features\.4 \(weight \[3, 2, 3, 3\]\), this one has stages\.1\.1\.0\.0 \(weigh",
        ),
        (
            {"classifier__3__weight": (4, 4)},
            r"has classifier\.3 \(weight \[4, 4\]\), this one has no such layer",
        ),
        (
            {"classifier__0__weight": None, "classifier__0__bias": None},
            r"has no such layer, this one has head\.2 \(weight \[4, 3\], bias \[4\]\)",
        ),
        (  # a neuron with a weight
            {"features__2__w": ()},
            r"has features\.2 \(w \[\]\), this one has stages\.1\.1\.0\.0 ",
        ),
    ],
)
def test_what_does_not_fit_is_named_on_both_sides(shapes, message):
    with pytest.raises(UsageError, match=message):
        paired(ours(), theirs(**shapes))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"norm": TdBN, "neuron": partial(LIF, v_threshold=0.5)}, r"stages\.0\.0\.1 is a TdBN"),
        ({"norm": TEBN}, r"stages\.0\.0\.1 is a TEBN"),
        ({"neuron": GLIF}, r"stages\.0\.0\.2 is a GLIF"),
    ],
)
def test_layers_whose_numbers_mean_something_else_are_refused(options, name):
    with pytest.raises(UsageError, match=rf"^net: {name}, whose .* tssd\.norms\.pooled_batch_norm"):
        paired(ours(**options), theirs())


def test_trained_time_constants_and_a_norm_that_scales_by_one_are_no_obstacle():
    w = {f"features__{index}__w": () for index in (2, 6)}
    assert paired(ours(neuron=PLIF), theirs(**w))["stages.1.1.2.w"] == "features.6.w"
    paired(ours(norm=TdBN), theirs())


def test_only_networks_of_tssd_have_an_order_that_is_known():
    with pytest.raises(UsageError, match=r"^net: got Sequential, expected a network of tssd\.mod"):
        paired(nn.Sequential(pooled_batch_norm(2)), theirs())
