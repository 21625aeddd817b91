import copy
import pickle

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.neurons.foreign import clear_state, state_keepers, takes_one_step
from tssd.objectives import Exit, ExitPlan, SelfDistillation, Timesteps

pytest.importorskip("spikingjelly", reason="needs the extra: pip install tssd[interop]")
snntorch = pytest.importorskip("snntorch", reason="needs the extra: pip install tssd[interop]")
from spikingjelly.activation_based import functional, layer, neuron  # noqa: E402

SIZE = 16
LABELS = torch.arange(6) % 5


def images():
    return 3 * torch.rand(6, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def multi() -> nn.Module:
    return neuron.LIFNode(step_mode="m", v_threshold=0.2)


def test_parts_that_keep_state_are_told_by_their_library():
    module = nn.Sequential(multi(), nn.Linear(2, 2), snntorch.Leaky(0.9, init_hidden=True))
    assert [name for name, _, _ in state_keepers(module)] == ["0", "2"]
    assert [takes_one_step(part) for _, part, _ in state_keepers(module)] == [False, True]
    module[0](torch.rand(3, 4, 2))
    clear_state(module)
    assert module[0].v == 0.0


@pytest.mark.parametrize("build", [tssd.vgg9, tssd.resnet18])
def test_our_networks_start_another_librarys_neurons_anew_in_every_call(build):
    torch.manual_seed(0)
    net = build(1, 5, SIZE, width=1 / 16, neuron=multi)
    criterion = tssd.tssd(2, 4).connect(net)
    for samples in (6, 3, 6):
        criterion.run(net, images()[:samples], LABELS[:samples]).total.backward()
    net.eval()
    x = tssd.repeat_in_time(images(), 4)
    expected = net(x).logits
    assert torch.equal(net(x).logits, expected)
    for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(copied(x).logits, expected)


def test_neurons_that_take_one_step_are_refused_in_our_networks():
    for one_step in (neuron.LIFNode, lambda: snntorch.Leaky(0.9, init_hidden=True)):
        net = tssd.vgg9(1, 5, SIZE, width=1 / 16, neuron=one_step)
        with pytest.raises(UsageError, match=r"stages.0.0.2 .* one timestep a call.*step_mode='m'"):
            net(tssd.repeat_in_time(images(), 4))
    net = tssd.vgg9(1, 5, SIZE, width=1 / 16, neuron=neuron.LIFNode)
    functional.set_step_mode(net, "m")
    net(tssd.repeat_in_time(images(), 4))


def test_a_layer_without_neurons_may_stand_in_a_fold():
    net = tssd.vgg9(1, 5, SIZE, width=1 / 16)
    net.head.insert(1, layer.Dropout(0.5))
    net(tssd.repeat_in_time(images(), 4))


def test_an_exit_with_another_librarys_neuron_starts_anew():
    head = Exit((2, 8, 8), 5, neuron=multi).eval()
    tap = torch.rand(4, 3, 2, 8, 8)
    assert torch.equal(head(tap), head(tap))
    net = tssd.vgg9(1, 5, SIZE, width=1 / 16)
    terms = dict(tssd.tssd().terms.items())
    criterion = SelfDistillation(terms, Timesteps(2, 4), exits=ExitPlan(neuron=multi)).connect(net)
    for samples in (6, 3):
        criterion.run(net, images()[:samples], LABELS[:samples]).total.backward()
        copy.deepcopy(criterion)
