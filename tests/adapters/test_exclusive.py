import copy
import gc
import pickle
import threading
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tssd.adapters import AdaptedNet, adapt
from tssd.adapters.exclusive import _locks, exclusive

from .nets import CLASSES, Plain, images, sequence


def snn() -> AdaptedNet:
    snntorch = pytest.importorskip("snntorch", reason="needs the extra: pip install tssd[interop]")
    neuron = snntorch.Leaky(beta=0.5, init_hidden=True)
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), neuron, nn.Linear(32, CLASSES))
    return adapt(module, ["2"], example=images(4), layout="stepped").eval()


def jelly() -> AdaptedNet:
    neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
    spiking = [neuron.LIFNode(step_mode="m", decay_input=False) for _ in range(2)]
    layers = [nn.Linear(64, 256), spiking[0], nn.Linear(256, 256), spiking[1]]
    module = nn.Sequential(nn.Flatten(2), *layers, nn.Linear(256, CLASSES))
    return adapt(module, ["2"], example=images(4)).eval()


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run work(0), work(1), ... side by side; the first failure is raised here."""
    failed: list[BaseException] = []

    def guarded(index: int) -> None:
        try:
            work(index)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


@pytest.mark.parametrize("make", [snn, jelly])
@pytest.mark.parametrize("wrappers", [1, 2])
def test_threads_that_share_a_network_get_what_each_would_get_alone(make, wrappers):
    nets = [make()]
    if wrappers == 2:  # of one network, so of one state
        first = nets[0]
        nets.append(adapt(first.module, ["2"], example=images(4), layout=first.layout).eval())
    inputs = [(k + 1) * sequence(4, 8) for k in range(3)]
    with torch.no_grad():
        expected = [nets[0](x, ["2"]) for x in inputs]

    def work(k: int) -> None:
        for i in range(60):
            with torch.no_grad():
                out = nets[k % wrappers](inputs[k], ["2"] if i % 2 else [])
            assert torch.equal(out.logits, expected[k].logits)
            assert not out.taps or torch.equal(out.taps["2"], expected[k].taps["2"])

    in_threads(3, work)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_that_is_made_while_others_run_disturbs_none(copied):
    net, x = jelly(), 2 * sequence(4, 8)
    expected = net(x).logits

    def work(k: int) -> None:
        for _ in range(20):
            with torch.no_grad():
                found = (net if k else copied(net))(x).logits
            torch.testing.assert_close(found, expected)

    in_threads(3, work)


def test_a_lock_is_of_one_network_and_goes_with_it():
    module = Plain()
    assert exclusive(module) is exclusive(module)
    assert exclusive(copy.deepcopy(module)) is not exclusive(module)
    with exclusive(module), exclusive(module):  # a network in a network
        net = adapt(module, ["stem"], example=images(4))
        net(sequence(2, 3))
    gc.collect()
    before = len(_locks)
    del module, net
    gc.collect()
    assert len(_locks) == before - 1


def test_a_network_with_a_lock_is_saved_and_loaded(tmp_path):
    net = jelly()
    x = sequence(2, 3)
    expected = net(x).logits
    torch.save(net, tmp_path / "net.pt")
    loaded = torch.load(tmp_path / "net.pt", weights_only=False)
    assert torch.equal(loaded(x).logits, expected)
    assert torch.equal(copy.deepcopy(net)(x).logits, expected)
