"""State through whole networks and blocks: cut anywhere, it is as if nobody had cut."""

import pytest
import torch
from torch import nn
from torch.utils import _pytree as pytree

import tssd
from tssd.errors import UsageError
from tssd.models import Block, StagedNet, resnet18, vgg9
from tssd.models.blocks import SpikeAddBlock, conv_norm_neuron, global_pool_head
from tssd.models.flow import Carry, eval_mode
from tssd.neurons import LIF
from tssd.neurons.lif import LIFState
from tssd.norms import per_step_batch_norm, pooled_batch_norm
from tssd.testing.streaming import check_streaming
from tssd.time import TimeFold, running_mean

N, SIZE = 3, 16
builders = pytest.mark.parametrize("build", [vgg9, resnet18])


def sequence(steps, channels=3, size=SIZE):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(steps, N, channels, size, size, dtype=torch.double, generator=generator)


def resting(net, x):
    """In eval mode, with statistics of x, without which hardly a neuron fires."""
    net = net.double()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    net(x)
    return net.eval()


@builders
@pytest.mark.parametrize(
    ("neuron", "norm"),
    [(LIF, pooled_batch_norm), (lambda: LIF(v_reset=0.0), per_step_batch_norm)],
)
def test_steps_are_the_scan_are_the_call_for_every_t_and_cut(build, neuron, norm):
    torch.manual_seed(0)
    x = sequence(8)
    net = resting(build(image_size=SIZE, width=1 / 16, neuron=neuron, norm=norm), x)
    with torch.no_grad():
        check_streaming(build.__name__, net, x)
        for steps in range(1, 8):
            whole, state = net(x[:steps]).logits, net.initial_state(x[0])
            torch.testing.assert_close(net.scan(x[:steps])[0].logits, whole, rtol=0, atol=1e-9)
            for t in range(steps):
                logits, state = net.step(x[t], state)
                torch.testing.assert_close(logits, whole[t], rtol=0, atol=1e-9)
    assert not torch.allclose(whole[0], whole[-1])


@pytest.mark.parametrize(("c_out", "stride"), [(4, 1), (4, 2), (6, 1)])
def test_the_block_of_the_paper_steps(c_out, stride):
    torch.manual_seed(0)
    x = sequence(5, 4, 7)
    block = resting(SpikeAddBlock(4, c_out, LIF, pooled_batch_norm, stride), x)
    check_streaming("SpikeAddBlock", block, x)


@builders
def test_a_scan_shows_the_taps_of_its_steps(build):
    x = sequence(4)
    net = resting(build(image_size=SIZE, width=1 / 16), x)
    whole = net(x, taps=[0, -1]).taps
    _, state = net.scan(x[:2])
    out, _ = net.scan(x[2:], state, taps=[0, -1])
    for tap, spikes in out.taps.items():
        torch.testing.assert_close(spikes, whole[tap][2:])


@builders
def test_a_state_is_tensors_in_tuples_which_others_can_take_apart(build):
    x = sequence(3)
    net = resting(build(image_size=SIZE, width=1 / 16), x)
    _, state = net.scan(x[:2])
    leaves, spec = pytree.tree_flatten(state)
    neurons = [m for m in net.modules() if isinstance(m, LIF)]
    assert len(leaves) == len(neurons)
    assert all(isinstance(v, torch.Tensor) and v.shape[0] == N for v in leaves)
    logits, _ = net.step(x[2], pytree.tree_unflatten([v.clone() for v in leaves], spec))
    torch.testing.assert_close(logits, net(x).logits[2])


def test_the_initial_state_changes_nothing_and_is_that_of_the_neurons():
    net = vgg9(image_size=SIZE, width=1 / 16, neuron=lambda: LIF(v_reset=0.25))
    net.stages[1].eval()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    modes = [m.training for m in net.modules()]
    state = net.initial_state(sequence(1)[0].float())
    assert [m.training for m in net.modules()] == modes
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    leaves = pytree.tree_leaves(state)
    assert [v.shape[1:] for v in leaves[:2]] == [(4, 16, 16), (8, 16, 16)]
    assert all((v == 0.25).all() and not v.requires_grad for v in leaves)


def test_gradients_reach_back_through_the_state():
    torch.manual_seed(0)
    net = resting(vgg9(image_size=SIZE, width=1 / 8), sequence(4))
    x = sequence(4).requires_grad_()
    (whole,) = torch.autograd.grad(net(x).logits[3].sum(), x)
    state = net.initial_state(x[0])
    for x_t in x:
        logits, state = net.step(x_t, state)
    (stepped,) = torch.autograd.grad(logits.sum(), x)
    assert whole[0].any()
    torch.testing.assert_close(stepped, whole)


def test_a_part_of_ones_own_carries_its_state_by_two_methods():
    class Delay(nn.Module):
        """Shows the step before."""

        def initial_state(self, x_t):
            return torch.zeros_like(x_t)

        def scan(self, x, state):
            return torch.cat([state.unsqueeze(0), x[:-1]]), x[-1]

        def forward(self, x):
            return self.scan(x, self.initial_state(x[0]))[0]

    x = sequence(4, 4, 5)
    net = nn.Sequential(conv_norm_neuron(4, 4, LIF, pooled_batch_norm), Delay(), nn.ReLU())
    net = resting(
        StagedNet([net], global_pool_head((4, 5, 5), 7), shapes=[(4, 5, 5)], num_classes=7), x
    )
    check_streaming("with Delay", net, x)
    states = net.initial_state(x[0])
    assert [type(s) for s in states[0]] == [tuple, torch.Tensor, tuple]
    assert states[0][2] == () and type(states[0][0][2]) is LIFState


class Hidden(nn.Module):
    """Holds a neuron, and does not say how its state goes through."""

    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleDict({"neuron": LIF()})

    def forward(self, x):
        return self.inner["neuron"](x)


@pytest.mark.parametrize("part", [Hidden, lambda: TimeFold(LIF()), lambda: nn.Sequential(Hidden())])
def test_a_part_that_would_forget_is_refused_with_the_remedy(part):
    with pytest.raises(
        UsageError, match=r"^net: (Hidden|TimeFold) runs .* \(LIF\), whose state .*Block"
    ):
        Carry()(part(), torch.zeros(2, 3, 4))


def test_neurons_of_other_libraries_are_refused_with_the_remedy():
    neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
    net = vgg9(image_size=SIZE, width=1 / 16, neuron=lambda: neuron.LIFNode(step_mode="m"))
    x = sequence(2).float()
    assert net(x).logits.shape == (2, N, 10)
    with pytest.raises(UsageError, match=r"^net: LIFNode keeps its state inside, .* tssd\.LIF"):
        net.scan(x)


def test_a_state_of_another_network_is_refused():
    x = sequence(2).float()
    net, other = vgg9(image_size=SIZE, width=1 / 16), resnet18(image_size=SIZE, width=1 / 16)
    state = net.initial_state(x[0])
    for wrong in (other.initial_state(x[0]), state[:-1], (*state, ()), 5):
        with pytest.raises(
            UsageError, match=r"^state: got a \w+ that does not fit .* initial_state\("
        ):
            net.step(x[0], wrong)


def test_a_state_of_another_batch_is_refused():
    x = sequence(2).float()
    net = vgg9(image_size=SIZE, width=1 / 16)
    with pytest.raises(UsageError, match=r"^state: got .* \[2, 4, 16, 16\].*initial_state\(x_t\)"):
        net.step(x[0], net.initial_state(x[0, :2]))


def test_a_step_takes_one_timestep():
    net = vgg9(image_size=SIZE, width=1 / 16)
    x = sequence(2).float()
    for ask in (net.initial_state, lambda x: net.step(x, None)):
        with pytest.raises(UsageError, match=r"\[2, 3, 3, 16, 16\], expected one timestep \[N, C"):
            ask(x)


def test_a_block_has_to_say_how_its_parts_are_joined():
    with pytest.raises(NotImplementedError):
        Block()(torch.zeros(1))


def test_eval_mode_gives_every_part_its_own_mode_back():
    net = nn.Sequential(nn.Dropout(), nn.Dropout().eval())
    with eval_mode(net, None):
        assert not any(m.training for m in net.modules())
    assert [m.training for m in net.modules()] == [True, True, False]


def test_frames_that_arrive_one_by_one_are_answered_as_if_they_were_all_there(trained):
    net = tssd.load(trained).net
    frames = torch.randn(6, N, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    state, total = net.initial_state(frames[0]), torch.zeros(N, 10)
    with torch.no_grad():
        means = running_mean(net(frames).logits)
        for t, frame in enumerate(frames, 1):
            logits, state = net.step(frame, state)
            total = total + logits
            torch.testing.assert_close(total / t, means[t - 1], rtol=0, atol=1e-6)
