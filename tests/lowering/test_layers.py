"""Each layer against what it computes itself."""

import numpy as np
import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.lowering import LoweredNet
from tssd.lowering.draft import Draft
from tssd.lowering.folding import fold
from tssd.lowering.reader import Reader
from tssd.models.dropout import SharedDropout
from tssd.models.pool import AvgPool2x2, MaxPool2x2
from tssd.norms import TEBN, TdBN
from tssd.time import TimeFold

SHAPE = (4, 7, 9)


def lowered(layer, shape=SHAPE, timesteps=2):
    """A graph of one layer and a flattening."""
    draft = Draft(shape)
    part = nn.Sequential(layer, TimeFold(nn.Flatten()))
    with torch.no_grad():
        draft.outputs = {"": (reader := Reader(draft, part))(part, reader.input()).source}
    fold(draft)
    return draft.finished()


def norm(channels=4):
    made = nn.BatchNorm2d(channels)
    made.running_mean.uniform_(-1, 1)
    made.running_var.uniform_(0.1, 2)
    nn.init.uniform_(made.weight, -1, 1)
    return made


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), groups=2),
        nn.Conv2d(4, 6, 5, padding="same", bias=False),
        nn.Conv2d(4, 6, 1, padding="valid"),
        nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 6, 3)),
        nn.AvgPool2d(2),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.AvgPool2d((3, 2), (2, 1), ceil_mode=True),
        AvgPool2x2(),
        nn.MaxPool2d(2),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        MaxPool2x2(),
        nn.AdaptiveAvgPool2d((7, 3)),
        nn.AdaptiveAvgPool2d((None, 9)),
        norm(),
        nn.Sequential(norm(), norm()),
        nn.Sequential(nn.Conv2d(4, 6, 3), nn.AvgPool2d(2), norm(6)),
        nn.Sequential(nn.Conv2d(4, 6, 3), nn.MaxPool2d(2), norm(6)),
        nn.Sequential(nn.Dropout(), nn.Identity(), SharedDropout(), nn.Dropout2d()),
        nn.Sequential(nn.AdaptiveAvgPool2d((4, 5)), nn.Flatten(), nn.Linear(80, 6)),
        nn.Sequential(nn.Flatten(), nn.Unflatten(1, (1, -1)), nn.AvgPool1d(5, 3), nn.Flatten()),
    ],
)
def test_it_computes_what_it_did(layer):
    torch.manual_seed(0)
    layer = TimeFold(layer).eval()
    x = torch.randn(2, 3, *SHAPE)
    with torch.no_grad():
        expected = layer(x).flatten(2)
        torch.testing.assert_close(LoweredNet(lowered(layer))(x), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("build", [TdBN, TEBN])
def test_norms_of_sequences(build):
    made = build(4).eval()
    if build is TdBN:
        made.scale = 0.7
    else:
        nn.init.constant_(made.scale, 1.7)
    x = torch.randn(2, 3, *SHAPE)
    with torch.no_grad():
        expected = made(x).flatten(2)
        torch.testing.assert_close(LoweredNet(lowered(made))(x), expected)


def uneven():
    made = TEBN(4)
    made.build_for(2)
    made.scale.data[1] = 2.0
    return made


class Standardised(nn.Conv2d):
    """Computes with other weights than those it trains."""

    def _conv_forward(self, input, weight, bias):  # noqa: A002 - as torch has it
        return super()._conv_forward(input, weight - weight.mean(), bias)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (Standardised(4, 6, 3), r"0\.0 \(Standardised\): it has no operation"),
        (nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), "it pads by reflect"),
        (nn.Conv2d(4, 4, 2, padding="same"), "differs from side to side"),
        (nn.AvgPool2d(2, padding=1), "it pads or divides"),
        (nn.AvgPool2d(2, divisor_override=3), "it pads or divides"),
        (nn.MaxPool2d(2, dilation=2), "it is dilated"),
        (nn.BatchNorm2d(4, track_running_stats=False), "it keeps no statistics"),
        (nn.Linear(9, 2), r"it gets \[4, 7, 9\], expected features"),
        (nn.Flatten(2), "flattens axes 2 to -1"),
        (nn.Unflatten(1, (2, 2)), "other axes than one row"),
        (nn.AvgPool1d(2), "expected one row of features"),
        (nn.AdaptiveAvgPool2d(4), r"it pools \[4, 7, 9\] to \[4, 4, 4\]"),
        (nn.Upsample(2), r"0\.0 \(Upsample\): it has no operation; a graph has convolutions"),
        (nn.LayerNorm(9), "it has no operation"),
    ],
)
def test_what_a_graph_cannot_say_is_refused_by_name(layer, said):
    with pytest.raises(UsageError, match=said):
        lowered(TimeFold(layer))


@pytest.mark.filterwarnings("ignore:.*weight_norm")
@pytest.mark.parametrize("made", [nn.utils.weight_norm, nn.utils.spectral_norm])
def test_weights_that_a_hook_makes_are_refused(made):
    layer = made(nn.Conv2d(4, 6, 3))
    with pytest.raises(UsageError, match=r"0\.0 \(Conv2d\): a hook .*parametrizations"):
        lowered(TimeFold(layer))
    removed = {nn.utils.weight_norm: nn.utils.remove_weight_norm}
    removed.get(made, nn.utils.remove_spectral_norm)(layer)
    assert np.array_equal(
        lowered(TimeFold(layer)).nodes[0].arrays["weight"], layer.weight.detach().numpy()
    )


def test_of_spikingjellys_layers_those_that_wrap_torchs_are_known():
    theirs = pytest.importorskip(
        "spikingjelly.activation_based.layer", reason="needs the extra: pip install tssd[interop]"
    )
    tdbn = theirs.ThresholdDependentBatchNorm2d(1.0, 1.0, 4)
    tdbn.running_mean.uniform_(-1, 1)
    x = torch.randn(2, 3, *SHAPE)
    for layer in (theirs.Conv2d(4, 6, 3, step_mode="m"), tdbn.eval()):
        with torch.no_grad():
            expected = layer(x).flatten(2)
            torch.testing.assert_close(LoweredNet(lowered(layer))(x), expected)
    for layer in (theirs.WSConv2d(4, 6, 3), theirs.TemporalEffectiveBatchNorm2d(2, 4)):
        with pytest.raises(UsageError, match=rf"0 \({type(layer).__name__}\): it has no operation"):
            lowered(layer)


@pytest.mark.parametrize(
    ("pool", "ceil"),
    [
        (nn.AvgPool2d(2, ceil_mode=True), True),
        (nn.AvgPool2d((7, 3), ceil_mode=True), False),
        # The windows that would be more begin behind the map, and are none.
        (nn.AvgPool2d(1, (4, 3), ceil_mode=True), False),
        (nn.MaxPool2d(2, 2, 1, ceil_mode=True), False),
        (nn.MaxPool2d((8, 3), ceil_mode=True), True),
    ],
)
def test_sizes_are_rounded_up_where_that_gives_more_windows(pool, ceil):
    graph = lowered(TimeFold(pool))
    assert graph.nodes[0].options["ceil"] == ceil
    assert graph.nodes[0].shape == tuple(pool(torch.zeros(1, *SHAPE)).shape[1:])


def test_factors_that_differ_between_timesteps_are_refused():
    with pytest.raises(UsageError, match=r"0 \(TEBN\): its factor differs between the 2 timesteps"):
        lowered(uneven())


def test_weights_are_rounded_once():
    layer, after = nn.Conv2d(4, 6, 3, bias=False), norm(6).eval()
    graph = lowered(TimeFold(layer, after))
    scale = after.weight.double() / (after.running_var.double() + after.eps).sqrt()
    expected = layer.weight.double() * scale.view(-1, 1, 1, 1)
    found = graph.nodes[0].arrays["weight"]
    assert np.array_equal(found, expected.detach().float().numpy())
