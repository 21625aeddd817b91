import copy

import pytest
import torch
from torch import nn

import tssd
from tssd.adapters import adapt, clear_state

from .nets import CLASSES, images, sequence

pytest.importorskip("spikingjelly", reason="needs the extra: pip install tssd[interop]")
from spikingjelly.activation_based import base, functional, layer, neuron  # noqa: E402


def jelly(mode: str, *, seed: int = 0) -> nn.Sequential:
    """Two spiking layers; tap 'stem' is [C, H, W], tap 'body' is [F]."""
    torch.manual_seed(seed)
    net = nn.Sequential()
    net.stem = nn.Sequential(
        layer.Conv2d(1, 6, 3, padding=1), layer.BatchNorm2d(6), neuron.LIFNode(v_threshold=0.5)
    )
    net.body = nn.Sequential(
        layer.Flatten(), layer.Linear(384, 8), neuron.ParametricLIFNode(v_threshold=0.05)
    )
    net.head = layer.Linear(8, CLASSES)
    functional.set_step_mode(net, mode)
    return net


def adapted(mode: str, *, seed: int = 0):
    layout = "time_first" if mode == "m" else "stepped"
    return adapt(jelly(mode, seed=seed), ["stem", "body"], example=images(4), layout=layout)


def by_hand(net: nn.Sequential, mode: str, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What SpikingJelly's own idiom gives."""
    functional.reset_net(net)
    shown = {"stem": [], "body": [], "": []}
    for x_t in [x] if mode == "m" else x:
        for name, part in net.named_children():
            x_t = part(x_t)
            shown[name if name != "head" else ""].append(x_t)
    functional.reset_net(net)
    return {k: v[0] if mode == "m" else torch.stack(v) for k, v in shown.items()}


@pytest.mark.parametrize("mode", ["m", "s"])
@pytest.mark.parametrize(("steps", "samples"), [(1, 1), (4, 32), (2, 7), (6, 6)])
def test_logits_and_taps_are_those_of_spikingjellys_own_loop(mode, steps, samples):
    net = adapted(mode).eval()
    x = 3 * sequence(steps, samples)
    expected = by_hand(net.module, mode, x)
    for _ in range(2):
        out = net(x, ["stem", "body"])
        assert torch.equal(out.logits, expected[""])
        assert torch.equal(out.taps["stem"], expected["stem"])
        assert torch.equal(out.taps["body"], expected["body"])
    assert net.tap_shape("stem") == (6, 8, 8)
    assert net.tap_shape("body") == (8,)
    assert 0 < expected["stem"].mean() < 1
    assert 0 < expected["body"].mean() < 1


def test_a_tap_inside_a_container_that_folds_time_is_unfolded():
    conv = nn.Conv2d(1, 6, 3, padding=1)
    module = nn.Sequential(
        layer.SeqToANNContainer(conv, nn.BatchNorm2d(6)),
        layer.MultiStepContainer(neuron.IFNode()),
        layer.SeqToANNContainer(nn.Flatten(), nn.Linear(384, CLASSES)),
    )
    net = adapt(module, ["0.0", "1"], example=images(4)).eval()
    x = sequence(3, 2)
    out = net(x, ["0.0", "1"])
    torch.testing.assert_close(out.taps["0.0"], torch.stack([conv(x_t) for x_t in x]))
    assert out.taps["1"].shape == (3, 2, 6, 8, 8)


@pytest.mark.parametrize("mode", ["m", "s"])
def test_three_steps_train_every_parameter_without_a_reset(mode):
    net = adapted(mode).train()
    criterion = tssd.tssd(2, 4, tap="stem").connect(net)
    parameters = [*net.parameters(), *criterion.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.01)
    for samples in (32, 7, 1):
        labels = torch.arange(samples) % CLASSES
        optimizer.zero_grad()
        criterion.run(net, 3 * images(samples), labels).total.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in parameters)
        assert all(p.grad.abs().sum() > 0 for p in net.parameters())
        optimizer.step()


def test_resetting_one_network_leaves_another():
    net, other = adapted("m"), jelly("m", seed=1)
    other(3 * sequence(2, 3))
    before = other.stem[2].v.clone()
    net(sequence(2, 3))
    assert before.abs().sum() > 0
    assert torch.equal(other.stem[2].v, before)


def test_a_network_that_ran_before_is_reset_by_the_dry_run_and_can_be_copied():
    module = jelly("m")
    module(3 * sequence(2, 3)).sum().backward()
    net = adapt(module, example=images(4)).eval()
    assert module.stem[2].v == 0.0
    x = 3 * sequence(2, 3)
    net(x).logits.sum().backward()
    clear_state(net)
    assert torch.equal(copy.deepcopy(net)(x).logits, net(x).logits)


def test_spikingjellys_own_reset_still_works_on_an_adapted_network():
    net = adapted("m").eval()
    x = 3 * sequence(2, 3)
    logits = net(x).logits
    functional.reset_net(net)
    assert torch.equal(net(x).logits, logits)


def test_state_of_a_class_that_derives_from_spikingjellys_is_cleared():
    class Sum(base.MemoryModule):
        def __init__(self) -> None:
            super().__init__()
            self.register_memory("total", 0.0)

        def single_step_forward(self, x: torch.Tensor) -> torch.Tensor:
            self.total = self.total + x
            return self.total

    module = nn.Sequential(nn.Flatten(), Sum(), nn.Linear(64, 3))
    net = adapt(module, ["1"], example=images(4), layout="stepped")
    x = sequence(3, 2)
    torch.testing.assert_close(net(x, ["1"]).taps["1"], x.flatten(2).cumsum(0))


def test_a_whole_network_that_derives_from_spikingjellys_class_takes_what_it_likes():
    class Net(base.MemoryModule):
        def __init__(self) -> None:
            super().__init__()
            self.lif = neuron.LIFNode(step_mode="m")
            self.head = nn.Linear(64, CLASSES)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.lif(x.flatten(2)))

    assert Net().step_mode == "s"
    assert adapt(Net(), ["lif"], example=images(4)).tap_shape("lif") == (64,)


@pytest.mark.parametrize(
    ("mode", "layout", "message"),
    [
        ("s", "time_first", r"0 \(LIFNode\) computes one timestep a call, .*layout='stepped'"),
        ("m", "stepped", r"0 \(LIFNode\) has step_mode='m' and takes the batch .*step_mode='s'"),
        ("m", "batch_first", r"0 \(LIFNode\) .*'m' and takes the batch .*layout='time_first'"),
    ],
)
def test_a_step_mode_that_does_not_fit_the_layout_is_refused(mode, layout, message):
    torch.manual_seed(0)
    module = nn.Sequential(neuron.LIFNode(step_mode=mode), nn.Flatten(-3), nn.Linear(64, 3))
    with pytest.raises(tssd.UsageError, match=message):
        adapt(module, example=3 * images(4), layout=layout)


def test_a_batch_taken_for_time_is_refused_where_nothing_fires():
    silent = nn.Sequential(
        neuron.LIFNode(v_threshold=1e6, step_mode="m"), nn.Flatten(-3), nn.Linear(64, 3)
    )
    with pytest.raises(tssd.UsageError, match=r"0 \(LIFNode\) .* takes the batch in \[3, 4, 1"):
        adapt(silent, example=images(4), layout="batch_first")
