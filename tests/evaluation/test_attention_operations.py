"""What attention costs: a layer table by hand, and the rule of a public energy log."""

from functools import partial

import pytest
import torch
from torch import nn

from tssd.evaluation import CostCounter, evaluate
from tssd.evaluation.layers import LAYERS, works
from tssd.evaluation.operations import ATTENTION_RULE, RULE
from tssd.models import spike_driven_transformer, spikformer
from tssd.models.attention import SpikeProduct
from tssd.neurons import LIF, MLF
from tssd.time import repeat_in_time

T, N = 3, 2


def firing(build, **options):
    """A tiny network in which every layer fires."""
    torch.manual_seed(0)
    net = build(3, 5, 8, depth=1, channels=16, heads=2, pools=1, **options).double()
    for norm in (m for m in net.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.momentum = None
        nn.init.uniform_(norm.weight, 1, 3)
    x = repeat_in_time(torch.randn(N, 3, 8, 8, dtype=torch.double), T)
    net(x)
    return net.eval(), x


def seen_by(net, x):
    """Inputs of each layer, and its operations."""
    inputs = {}
    hooks = [
        module.register_forward_hook(lambda m, args, out, name=name: inputs.update({name: args}))
        for name, module in net.named_modules()
        if isinstance(module, LAYERS)
    ]
    counter = CostCounter(net, T)
    with counter.watching(), counter.counting(x), torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    return inputs, counter.operations()


def share(spikes):
    """Of all values those that are not 0."""
    return (spikes != 0).double().mean().item()


# Multiply-accumulates of a timestep: outputs times fan-in. 8 x 8 pixels, then 4 x 4 = 16 tokens
# of 16 channels, in 2 heads of 8.
DENSE = {
    "stages.0.0.0.0": 64 * 2 * (9 * 3),
    "stages.0.1.0.0": 64 * 4 * (9 * 2),
    "stages.0.2.0.0": 64 * 8 * (9 * 4),
    "stages.0.3.0.0": 64 * 16 * (9 * 8),
    "stages.0.4.branch.0.0": 16 * 16 * (9 * 16),
    "stages.1.0.branch.qkv.0.0": 16 * 48 * 16,
    "stages.1.0.branch.first": 2 * (8 * 8 * 16),  # v k^T, whose fan-in are the tokens
    "stages.1.0.branch.second": 2 * (8 * 16 * 8),  # of which a token's query takes 8 sums
    "stages.1.0.branch.project.0.0": 16 * 16 * 16,
    "stages.1.1.branch.0.0.0": 16 * 64 * 16,
    "stages.1.1.branch.1.0.0": 16 * 16 * 64,
    "head.2": 5 * 16,
}


def test_spikformers_layer_table_by_hand():
    net, x = firing(spikformer, neuron=partial(LIF, v_threshold=0.5))
    inputs, operations = seen_by(net, x)
    (v, k_t), (_, q) = (inputs[f"stages.1.0.branch.{name}"] for name in ("first", "second"))
    q, k, v = (share(part) for part in (q, k_t, v))
    assert len({q, k, v}) == 3 and min(q, k, v) > 0
    shares = {name: share(given[0]) for name, given in inputs.items()}
    shares |= {"stages.1.0.branch.first": min(k, v), "stages.1.0.branch.second": q}

    assert {n: layer.dense_macs for n, layer in operations.layers.items()} == DENSE
    image, *others = operations.layers
    assert operations.layers[image].kind == "mac"
    assert operations.macs == (DENSE[image],) * T  # the same at every timestep: once
    for name in others:
        layer = operations.layers[name]
        assert layer.kind == "ac"
        assert layer.count[-1] == pytest.approx(T * DENSE[name] * shares[name])
    acs = sum(T * DENSE[name] * shares[name] for name in others)
    assert operations.acs[-1] == pytest.approx(acs)
    energy = (4.6 * DENSE[image] + 0.9 * acs) * 1e-6  # pJ, in microjoules
    assert operations.energy_uj[-1] == pytest.approx(energy)
    assert operations.uncounted == ()
    assert operations.rule == f"{RULE} {ATTENTION_RULE}"
    # Queries, keys and values are 0 or 1, so that no addition of attention is a graded one.
    assert operations.layers["stages.1.0.branch.first"].graded_share == (0,) * T
    assert operations.layers["stages.1.0.branch.second"].graded_share == (0,) * T


# Of a public log of the family, Spikingformer-8-512 on ImageNet at T = 4 (4.6 x MAC + 0.9 x AC):
# shares of spikes, in per cent, in front of the stem's layers, and block by block in front of
# q, k and v together, the projection, the two linear layers; then those of q, k and v themselves.
# https://github.com/zhouchenlin2096/Spikingformer, energy_consumption_calculation
LOGGED_STEM = (25.8312565, 15.3364436, 13.1065373, 12.9557331)
LOGGED = (
    (17.6595751, 29.7803004, 26.76769, 3.28870974, 17.2301886, 3.6263448, 6.957708),
    (33.7953024, 30.9584658, 33.0194005, 2.9645371, 11.6274751, 4.029545, 7.1732077),
    (34.2222987, 31.4189673, 34.7303054, 2.55983278, 10.6693079, 4.4414592, 7.5246236),
    (34.4263662, 29.0892771, 34.6611222, 1.92913754, 8.1886448, 5.000199, 7.6877806),
    (34.3272679, 20.9885448, 36.0386227, 1.42090094, 6.3652733, 4.325467, 7.054188),
    (35.9286898, 16.5693003, 35.9497969, 0.952562647, 7.7112392, 3.1131386, 7.3215827),
    (34.2288006, 10.6833842, 32.2695614, 0.568941609, 7.0237569, 2.4202288, 7.3486224),
    (31.7671993, 9.47712146, 29.923303, 1.37684836, 9.7276982, 2.8122423, 7.9547129),
)


def test_the_public_logs_total_follows_from_its_shares_and_our_layers():
    macs, biases = {}, {}

    def note(module, args, out, name):
        macs[name] = works(module, args, out)[0].macs
        has_bias = getattr(module, "bias", None) is not None  # which the log counts, too
        biases[name] = out.numel() if has_bias else 0

    with torch.device("meta"), torch.no_grad():
        net = spikformer(3, 1000, 224, depth=8, channels=512, heads=8, pools=4, neuron=nn.ReLU)
        for name, module in net.named_modules():
            if isinstance(module, LAYERS):
                module.register_forward_hook(partial(note, name=name))
        net(torch.empty(1, 1, 3, 224, 224))
    nominal = [4 * (macs[name] + biases[name]) for name in macs]
    image, *stem = nominal[:5]
    assert image == 346_816_512
    acs = sum(n * share / 100 for n, share in zip(stem, LOGGED_STEM, strict=True))
    for block, (qkv, projected, first, second, q, k, v) in enumerate(LOGGED):
        layers = nominal[5 + 6 * block : 11 + 6 * block]
        shares = (qkv, min(k, v), q, projected, first, second)  # in the order in which they run
        acs += sum(n * share / 100 for n, share in zip(layers, shares, strict=True))
    head = nominal[-1] / 4  # once, on means over time
    assert acs / 1e9 == pytest.approx(6.51754094, abs=1e-8)
    assert (4.6 * (image + head) + 0.9 * acs) / 1e9 == pytest.approx(7.463502602, abs=1e-8)


def test_attention_of_masks_adds_tokens_and_nothing_else():
    net, x = firing(spike_driven_transformer, neuron=partial(LIF, v_threshold=0.5))
    inputs, operations = seen_by(net, x)
    sums, (masked,) = "stages.1.0.branch.sums", inputs["stages.1.0.branch.sums"]
    assert operations.layers[sums].dense_macs == 16 * 16
    assert operations.layers[sums].count[-1] == masked.count_nonzero().item() / N > 0
    assert operations.uncounted == ()
    assert ATTENTION_RULE in operations.rule


@pytest.mark.parametrize(
    ("first", "second", "density"),
    [
        ((1, 1, 0, 0), (1, 1, 1, 0), 0.5),  # both are spikes: the sparser one
        ((1, 1, 1, 0), (1, 0, 0, 0), 0.25),
        ((3, 0, 0, 0), (1, 1, 1, 0), 0.75),  # sums are not what sets off an addition
        ((1, 1, 1, 1), (0, 0, 0, 2), 1.0),
        ((3, 1, 0, 0), (2, 0, 0, 0), 0.25),  # neither is: the sparser one, graded
    ],
)
def test_spikes_set_off_additions_and_sums_do_not(first, second, density):
    counter, x = CostCounter(product := SpikeProduct(), 1), torch.zeros(1, 1, 2, 2)
    with counter.watching(), counter.counting(x, spikes=True):
        product(*(torch.tensor(part).float().view(1, 1, 2, 2) for part in (first, second)))
    (layer,) = counter.operations().layers.values()
    assert (layer.kind, layer.density, layer.dense_macs) == ("ac", (density,), 8)
    assert layer.count == (8 * density,)
    assert layer.graded_share == ((1.0,) if density == 0.25 and max(first) > 1 else (0,))


def test_in_an_ann_attention_multiplies():
    net, x = firing(spikformer, neuron=nn.ReLU)
    _, operations = seen_by(net, x)
    assert {layer.kind for layer in operations.layers.values()} == {"mac"}
    assert operations.macs == (sum(DENSE.values()),) * T
    assert operations.acs == (0,) * T


def test_an_evaluation_says_so_and_another_networks_does_not():
    net, x = firing(spikformer, neuron=partial(MLF, thresholds=(0.3, 0.6)))
    found = evaluate(net, [(x[0], torch.arange(N))], T)
    assert found.uncounted == ()
    assert found.operations.rule.endswith(ATTENTION_RULE)
    assert set(found.operations.layers) == set(DENSE)
    head = nn.Sequential(nn.Flatten(2), nn.Linear(3, 5))
    counter = CostCounter(head, 1)
    with counter.watching(), counter.counting(torch.rand(1, 2, 3)):
        head(torch.rand(1, 2, 3))
    assert counter.operations().rule == RULE
