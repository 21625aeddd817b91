import pytest
import torch
from torch import nn
from torch.nn.utils import prune

import tssd
from tssd.adapters.given import copy_of, example_of, middle_spikes, self_adapted
from tssd.errors import UsageError


def layers(*between):
    fold = tssd.TimeFold
    return nn.Sequential(
        fold(nn.Flatten(), nn.Linear(16, 8)), tssd.LIF(), *between, fold(nn.Linear(8, 3))
    )


class Stepped(nn.Module):
    """One step a call, its state given back."""

    def __init__(self):
        super().__init__()
        self.linear, self.spikes = nn.Linear(16, 3), nn.Hardtanh()

    def forward(self, x, state=None):
        v = self.linear(x.flatten(1)) + (0 if state is None else 0.5 * state)
        return self.spikes(v), v


def test_exit_stands_at_the_spiking_layer_in_the_middle():
    assert middle_spikes(layers()) == "1"
    deep = layers(tssd.LIF(), nn.Sequential(tssd.LIF(), tssd.LIF()))
    assert middle_spikes(deep) == "2"
    net = self_adapted(layers(), example=torch.rand(4, 1, 4, 4), needs_taps=True)
    assert (net.layout, [*net.places], net.num_classes) == ("time_first", ["1"], 3)
    assert not self_adapted(layers(), example=torch.rand(4, 1, 4, 4)).places


def test_spiking_layers_of_other_libraries_are_known():
    neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
    spikes = [neuron.LIFNode(step_mode="m") for _ in range(3)]
    assert middle_spikes(nn.Sequential(*spikes)) == "1"


def test_stepped_networks_are_found_out():
    net = self_adapted(Stepped(), example=torch.rand(4, 1, 4, 4), taps=["linear"], needs_taps=True)
    assert net.layout == "stepped"
    with pytest.raises(UsageError, match=r"^taps: no spiking layer is known in Stepped.*linear"):
        middle_spikes(Stepped())


def test_frames_shorter_than_the_training_do():
    frames = torch.rand(2, 3, 1, 4, 4)
    assert self_adapted(layers(), example=frames, timesteps=4).num_classes == 3


def test_a_network_for_other_samples_is_refused():
    words = r"^net: Sequential does not fit the samples \[3, 4, 4\], with layout='.*': .*"
    with pytest.raises(UsageError, match=words) as caught:
        self_adapted(layers(), example=torch.rand(4, 3, 4, 4))
    assert "\n" not in str(caught.value)


def test_a_copy_has_weights_of_its_own_and_no_state():
    net = layers()
    copied = copy_of(net)
    with torch.no_grad():
        copied[0][1].weight.zero_()
    assert net[0][1].weight.any()
    with pytest.raises(UsageError, match="^net: got int, expected a torch.nn.Module"):
        copy_of(3)
    net.kept = net[0][1].weight * 2  # hangs on a graph
    with pytest.raises(UsageError, match=r"can't be copied .*lambda: Sequential\(\.\.\.\)"):
        copy_of(net)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize(
    "change",
    [nn.utils.weight_norm, lambda part: prune.l1_unstructured(part, "weight", 0.5)],
)
def test_pruned_layers_and_those_with_torchs_older_weight_norm_are_copied(change):
    net, x = layers(), torch.rand(2, 3, 1, 4, 4)
    change(net[0][1])
    copied = copy_of(net)
    assert torch.equal(copied(x), net(x))
    assert net[0][1].weight.grad_fn is not None  # of the network itself nothing was cut off
    for made in (net, copied):
        made(x).sum().backward()
    for ours, theirs in zip(copied.parameters(), net.parameters(), strict=True):
        assert ours is not theirs and torch.equal(ours.grad, theirs.grad)
    assert torch.equal(copy_of(copied)(x), net(x))


def test_example_is_always_the_same_and_draws_nothing():
    before = torch.get_rng_state()
    assert torch.equal(example_of((2, 3, 5)), example_of((2, 3, 5)))
    assert torch.equal(torch.get_rng_state(), before)
