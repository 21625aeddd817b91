import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import tssd
from tssd.errors import DataError, TssdError, UsageError
from tssd.interop import from_spikingjelly, to_spikingjelly
from tssd.interop.pairing import paired
from tssd.models.vgg import vgg
from tssd.objectives import (
    ExitCrossEntropy,
    ExitPlan,
    SelfDistillation,
    SpatialDistillation,
    TaskCrossEntropy,
    TemporalDistillation,
    Timesteps,
)

from .nets import FULL_SIZE, OUR_LIF, TWINS, K, functional, twins

T, N = 3, 4


def samples(*shape):
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.randn(shape, generator=generator, dtype=torch.double)


def same_gradients(ours, theirs):
    names = paired(ours, theirs.state_dict())
    expected = {name: p.grad for name, p in theirs.named_parameters()}
    for name, p in ours.named_parameters():
        assert p.grad.any(), name
        torch.testing.assert_close(p.grad, expected[names[name]], rtol=1e-9, atol=1e-9, msg=name)


@pytest.mark.parametrize("name", TWINS)
def test_logits_and_gradients_are_those_of_spikingjelly_and_weights_go_back(name):
    theirs, ours, shape = twins(name)
    assert from_spikingjelly(ours, theirs.state_dict()) is ours
    x = samples(T, N, *shape)
    for training in (True, False):  # with statistics of the batch, and with those it left behind
        results = []
        for net in (theirs.train(training), ours.train(training)):
            net.zero_grad()
            functional.reset_net(net)
            torch.manual_seed(1)  # for dropout
            y = net(x)
            y = y if net is theirs else y.logits
            # Some give the mean over time.
            results.append(y if not results or y.dim() == results[0].dim() else y.mean(0))
            (results[-1] * samples(*results[-1].shape)).sum().backward()
        torch.testing.assert_close(results[1], results[0], rtol=1e-9, atol=1e-9)
        assert not torch.allclose(results[0][0], results[0][-1])
        same_gradients(ours, theirs)
    back, own = to_spikingjelly(ours, theirs), theirs.state_dict()
    assert [*back] == [*own]
    for key, value in back.items():
        torch.testing.assert_close(value, own[key], rtol=1e-9, atol=1e-9)
    theirs.load_state_dict(back)


def test_weights_of_a_network_inside_dataparallel_are_taken():
    theirs, ours, _ = twins("vgg11_bn")
    from_spikingjelly(ours, nn.DataParallel(theirs).state_dict())
    wrapped = {n: v.clone() for n, v in ours.state_dict().items()}
    _, plain, _ = twins("vgg11_bn")
    from_spikingjelly(plain, theirs)
    assert all(torch.equal(value, wrapped[name]) for name, value in plain.state_dict().items())


@pytest.mark.parametrize("name", FULL_SIZE)
def test_networks_of_full_size_have_the_same_layers(name):
    make_theirs, make_ours = FULL_SIZE[name]
    with torch.device("meta"):
        weights, ours = make_theirs().state_dict(), make_ours()
    assert {*paired(ours, weights).values()} == {*weights}


def test_a_wrapped_and_an_imported_network_take_the_same_training_step():
    theirs, ours, shape = twins("vgg11_bn")
    from_spikingjelly(ours, theirs)
    images, labels = samples(N, *shape), torch.arange(N) % K
    adapted = tssd.adapt(theirs, ["features.6"], example=images)
    results = []
    for net, tap in ((adapted, "features.6"), (ours, 1)):
        terms = {
            "task": TaskCrossEntropy(),
            "temporal": TemporalDistillation(),
            "spatial": SpatialDistillation(),
            "exit_task": ExitCrossEntropy(),
        }
        plan = ExitPlan([tap], neuron=OUR_LIF)
        torch.manual_seed(2)  # for the exit's weights
        criterion = SelfDistillation(terms, Timesteps(1, T), exits=plan).connect(net).double()
        torch.manual_seed(3)  # for dropout
        loss = criterion.run(net.train(), images, labels)
        loss.total.backward()
        exit_grads = [p.grad for p in criterion.parameters()]
        results.append((loss.total.detach(), exit_grads))
    torch.testing.assert_close(results[1], results[0], rtol=1e-9, atol=1e-9)
    same_gradients(ours, theirs)


@pytest.fixture
def small():
    """A network of one convolution and one linear layer, and its weights by SpikingJelly's name."""
    net = vgg(((2,),), 1, 3, 4)
    own = net.state_dict()
    names = dict(zip(("stages.0.0.0.0", "stages.0.0.1.0", "head.2"), (0, 1, 5), strict=True))
    weights = {}
    for key, value in own.items():
        layer, _, leaf = key.rpartition(".")
        weights[f"conv_fc.{names[layer]}.{leaf}"] = value + 1
    return net, weights


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_will_do(small, suffix, tmp_path):
    net, weights = small
    path = tmp_path / f"weights.{suffix}"
    save_file(weights, path) if suffix == "safetensors" else torch.save(weights, path)
    expected = {name: value + 1 for name, value in net.state_dict().items()}
    from_spikingjelly(net, path)
    assert all(torch.equal(value, expected[name]) for name, value in net.state_dict().items())
    assert to_spikingjelly(net, path).keys() == weights.keys()


def test_what_comes_back_is_a_copy(small):
    net, weights = small
    to_spikingjelly(net, weights)["conv_fc.0.weight"].zero_()
    assert net.state_dict()["stages.0.0.0.0.weight"].any()


def test_files_that_hold_something_else_are_refused_in_one_line(small, tmp_path):
    net, weights = small
    module, nested = tmp_path / "module.pt", tmp_path / "nested.pt"
    torch.save(nn.Linear(2, 2), module)
    torch.save({"model": weights, "epoch": 3}, nested)
    (tmp_path / "damaged.safetensors").write_bytes(b"1234")
    torch.save([1, 2], tmp_path / "list.pt")
    for given, kind, message in (
        (module, DataError, "module.pt: damaged, or it holds more than tensors"),
        (nested, UsageError, "nested.pt: holds model, epoch, expected tensors by name"),
        (tmp_path / "damaged.safetensors", DataError, "damaged.safetensors: damaged, or"),
        (tmp_path / "none.pt", DataError, "none.pt: no such file; expected a state_dict"),
        (tmp_path / "list.pt", DataError, "list.pt: got a list, expected a state_dict"),
        ({}, UsageError, "weights: holds nothing, expected tensors by name"),
        ({7: torch.ones(2)}, UsageError, "weights: holds 7, expected tensors by name"),
        (3, DataError, "weights: got a int, expected a state_dict"),
    ):
        with pytest.raises(kind) as error:
            from_spikingjelly(net, given)
        assert isinstance(error.value, TssdError)
        assert message in str(error.value) and "\n" not in str(error.value)


def test_a_number_that_is_not_finite_is_refused_and_nothing_is_changed(small):
    net, weights = small
    before = {name: value.clone() for name, value in net.state_dict().items()}
    weights["conv_fc.5.bias"][1] = float("nan")
    with pytest.raises(DataError, match=r"^weights: conv_fc\.5\.bias holds NaN or infinity"):
        from_spikingjelly(net, weights)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
