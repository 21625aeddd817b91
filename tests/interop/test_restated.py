"""Transformers whose layers are other tensors in SpikingJelly: over and back, the same network."""

from functools import partial

import pytest
import torch

from tssd.errors import UsageError
from tssd.interop import from_spikingjelly, to_spikingjelly
from tssd.interop.restated import restated
from tssd.models import spike_driven_transformer, spikformer
from tssd.neurons import LIF, PLIF
from tssd.surrogates import Sigmoid

pytest.importorskip("spikingjelly", reason="needs the extra: pip install tssd[interop]")
from spikingjelly.activation_based import functional, neuron, surrogate
from spikingjelly.activation_based.model import spike_driven_transformer as sdt
from spikingjelly.activation_based.model import spikformer as spf

OUR_LIF = partial(LIF, v_reset=0.0, decay_input=True, detach_reset=True, surrogate=Sigmoid(4.0))
THEIR_PLIF = partial(
    neuron.ParametricLIFNode,
    detach_reset=True,
    v_threshold=0.5,
    surrogate_function=surrogate.ATan(),
)


def their_spikformer(**options):
    return spf.Spikformer(
        img_size_h=16, img_size_w=16, patch_size=4, num_classes=5, embed_dims=16, num_heads=2,
        depths=2, **options,
    )  # fmt: skip


def our_spikformer(**options):
    return spikformer(3, 5, 16, depth=2, channels=16, heads=2, pool_currents=True, **options)


def their_spike_driven():
    return sdt.SpikeDrivenTransformer(
        num_classes=5, embed_dims=16, num_heads=2, depths=2, pooling_stat="0011"
    )


def our_spike_driven(**options):
    return spike_driven_transformer(3, 5, 16, depth=2, channels=16, heads=2, **options)


TWINS = {
    "spikformer": (their_spikformer, partial(our_spikformer, neuron=OUR_LIF)),
    "spike-driven": (their_spike_driven, partial(our_spike_driven, neuron=OUR_LIF)),
}


def mixed(net):
    """Every tensor far from where it begins, so that neurons fire and none is a copy by chance."""
    for name, value in net.state_dict().items():
        if value.is_floating_point():
            if "running_var" in name:
                value.uniform_(0.01, 0.1)
            elif "running_mean" in name:
                value.uniform_(-0.3, 0.1)
            else:
                value.uniform_(-0.5, 0.8)
    return net.double().eval()


@pytest.mark.parametrize("name", TWINS)
def test_weights_go_over_and_back_and_logits_stay(name):
    torch.manual_seed(0)
    make_theirs, make_ours = TWINS[name]
    theirs, ours = mixed(make_theirs()), mixed(make_ours())
    x = torch.rand(2, 3, 3, 16, 16, dtype=torch.double)

    def logits(net):
        functional.reset_net(net)
        y = net(x)
        y = y if isinstance(y, torch.Tensor) else y.logits
        return y.mean(0) if y.dim() == 3 else y  # the Spike-driven Transformer gives the mean

    with torch.no_grad():
        # Ours into theirs, with biases in front of norms where theirs has none.
        other = make_theirs().double().eval()
        other.load_state_dict(to_spikingjelly(ours, other))
        torch.testing.assert_close(logits(other), logits(ours), rtol=1e-9, atol=1e-9)
        # Theirs into ours, with biases where ours has none.
        from_spikingjelly(ours, theirs)
        torch.testing.assert_close(logits(ours), logits(theirs), rtol=1e-9, atol=1e-9)
        assert logits(ours).std(0).max() > 1e-3
        other.load_state_dict(to_spikingjelly(ours, other))
        torch.testing.assert_close(logits(other), logits(theirs), rtol=1e-9, atol=1e-9)
    assert [*to_spikingjelly(ours, other)] == [*other.state_dict()]


def test_trained_neurons_go_over_with_the_weights():
    theirs = their_spikformer(spiking_neuron=THEIR_PLIF)
    with torch.no_grad():
        for part in theirs.modules():
            if isinstance(part, neuron.ParametricLIFNode):
                part.w.uniform_(-1, 1)
    ours = from_spikingjelly(our_spikformer(neuron=PLIF), theirs)
    found = [m.w.item() for m in ours.modules() if isinstance(m, PLIF)]
    assert found == [m.w.item() for m in theirs.modules() if hasattr(m, "w")]


def test_another_networks_weights_are_as_they_were():
    weights = {"features.0.weight": torch.rand(2, 1, 3, 3), "blocks.0.weight": torch.rand(2, 3, 1)}
    assert restated(weights) == weights


@pytest.mark.parametrize("missing", ["blocks.0.attn.k_conv.weight", "blocks.1.attn.v_bn.bias"])
def test_weights_of_which_a_part_is_missing_are_refused(missing):
    weights = their_spike_driven().state_dict()
    del weights[missing]
    with pytest.raises(UsageError, match="^weights: "):
        from_spikingjelly(our_spike_driven(), weights)


def test_networks_of_other_sizes_are_refused():
    with pytest.raises(UsageError, match="^weights: where SpikingJelly's network has"):
        from_spikingjelly(spikformer(3, 5, 16, depth=1, channels=16, heads=2), their_spikformer())
