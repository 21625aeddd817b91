"""Each family of networks against itself."""

from functools import partial

import pytest
import torch
from torch import nn

from lowering.alike import assert_alike, trained
from tssd import models
from tssd.errors import UsageError
from tssd.graph import read_graph, write_graph
from tssd.lowering import LoweredNet, lower
from tssd.models.plif_nets import MNIST_STAGES
from tssd.neurons import MLF, MPBNLIF, PLIF, RealSpike
from tssd.norms import TEBN, TdBN
from tssd.objectives.exits import Exit

NETS = {
    "vgg9": partial(models.vgg9, 3, 7, 16, width=1 / 16),
    "vgg9 MPBN": partial(models.vgg9, 3, 7, 16, width=1 / 16, neuron=MPBNLIF),
    "vggsnn": partial(models.vggsnn, 3, 7, (20, 17), width=1 / 16, norm=TdBN),
    # Repeats its last map, 1x1, to 7x7: folded into the linear layer.
    "vgg11": partial(models.vgg11, 3, 7, 32, width=1 / 16, dropout=0.1, hidden=[64]),
    # And here 3x4 to 7x7, none of which divides the other.
    "vgg11 wide": partial(models.vgg11, 3, 7, (96, 128), width=1 / 32),
    "vgg16": partial(models.vgg16, 3, 7, 32, width=1 / 16, hidden=[64], hidden_dropout=0.2),
    "mlp": partial(models.mlp, 3, 7, 8, hidden=[64, 32], dropout=0.1, norm=TdBN),
    "mlp TEBN": partial(models.mlp, 3, 7, 8, hidden=[64, 32], norm=TEBN),
    "plif_net": partial(models.plif_net, MNIST_STAGES, 3, 7, 14, width=1 / 16, neuron=PLIF),
    "resnet18": partial(models.resnet18, 3, 7, 16, width=1 / 32),
    "resnet19": partial(models.resnet19, 3, 7, 16, width=1 / 32, norm=TdBN),
    "resnet20": partial(models.resnet20_modified, 3, 7, 16, width=1 / 16),
    "sewresnet18": partial(models.sewresnet18, 3, 7, 33, width=1 / 32, large_stem=True),
    "standard_resnet18": partial(models.standard_resnet18, 3, 7, 16, width=1 / 32),
    "msresnet8": partial(models.msresnet8, 3, 7, 16, width=1 / 16),
    "msresnet18": partial(models.msresnet18, 3, 7, 16, width=1 / 32),
    "dsresnet14 MLF": partial(models.dsresnet14, 3, 7, 16, width=1 / 16, neuron=MLF),
    "widenet sew": partial(models.widenet7b_sew, 3, 7, 24, width=1 / 16, neuron=PLIF),
    # Sums of spikes of different heights, which fold into nothing.
    "widenet glif": partial(models.widenet7b_glif, 3, 7, (21, 24), width=1 / 16, neuron=RealSpike),
}


@pytest.mark.parametrize("name", NETS)
def test_every_family_spikes_as_it_does(name):
    net = trained(NETS[name]())
    shape = (3, *(net.sample_shape or (3, 16, 16))[1:])
    graph = assert_alike(net, shape)
    assert not any(node.op == "affine" for node in graph.nodes) or name in (
        "msresnet8",
        "widenet glif",
    )


def test_parameters_and_mode_stay_what_they_are_and_the_file_holds_all(tmp_path):
    net = trained(NETS["vgg9"]()).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    graph = lower(net)
    assert net.training and net.stages[0].training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    write_graph(tmp_path / "net.safetensors", graph, {})
    x = torch.rand(2, 1, 3, 16, 16)
    again = LoweredNet(read_graph(tmp_path / "net.safetensors").graph)
    assert torch.equal(again(x), LoweredNet(graph)(x))


def test_exits_are_kept_where_they_stand():
    net = trained(NETS["resnet18"]())
    head = trained(Exit(net.tap_shape(1), 7))
    graph = lower(net, (3, 16, 16), exits={1: head})
    assert graph.exits == {"1": "exits.1.head.2"}
    x = torch.randn(3, 2, 3, 16, 16)
    lowered = LoweredNet(graph)
    with torch.no_grad():
        out = net(x, taps=[1])
        state = lowered.initial_state(x[0])
        for x_t, expected in zip(x, head(out.taps[1]), strict=True):
            stepped = lowered.step(x_t, state)
            state = stepped.membranes
            torch.testing.assert_close(stepped.exits["1"], expected, rtol=0, atol=1e-5)


def test_what_cannot_be_lowered_is_named():
    with pytest.raises(UsageError, match="sample_shape: StagedNet does not say what it takes"):
        lower(NETS["resnet18"]())
    with pytest.raises(UsageError, match=r"sample_shape: got \[3, 8, 8\], but the network was"):
        lower(NETS["vgg9"](), (3, 8, 8))
    with pytest.raises(UsageError, match="net: got a Linear, expected a StagedNet"):
        lower(nn.Linear(2, 2), (1, 2, 2))
    net = NETS["vgg9"]()
    net.stages[0][0][0][0].weight.data[0] = float("nan")
    with pytest.raises(UsageError, match=r"stages\.0\.0\.0\.0\.weight: got NaN or infinity"):
        lower(net)
