import pytest
import torch
from torch import nn

from lowering.alike import assert_alike, trained
from tssd import models
from tssd.errors import UsageError
from tssd.lowering import lower
from tssd.lowering.draft import Draft
from tssd.lowering.reader import Reader
from tssd.models import Block, StagedNet
from tssd.models.blocks import conv_norm_neuron
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold


def same(x):
    return x


class Mine(Block):
    """A block of a user's own: each layer's spikes are added to all before."""

    def __init__(self, change=same):
        super().__init__()
        layers = [conv_norm_neuron(4, 4, LIF, pooled_batch_norm) for _ in range(2)]
        self.layers = nn.ModuleList(layers)
        self.change = change

    def flow(self, run, x):
        for layer in self.layers:
            x = torch.add(self.change(x), run(layer, x))
        return x


def net_of(block):
    stem = conv_norm_neuron(2, 4, LIF, pooled_batch_norm)
    head = TimeFold(nn.Flatten(), nn.Linear(4 * 36, 3))
    return StagedNet([stem, block], head, shapes=[(4, 6, 6)] * 2, num_classes=3)


def test_a_block_of_ones_own_is_read_by_its_flow():
    graph = assert_alike(trained(net_of(Mine())), (2, 6, 6))
    assert [node.name for node in graph.nodes if node.op == "add"] == ["stages.1", "stages.1:2"]


def test_a_layer_that_runs_twice_is_two_nodes():
    shared = conv_norm_neuron(4, 4, LIF, pooled_batch_norm)
    net = net_of(nn.Sequential(shared, shared))
    names = [node.name for node in lower(net, (2, 6, 6)).nodes]
    assert [n for n in names if n.endswith(":2")] == ["stages.1.0.0.0:2", "stages.1.0.2:2"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: 2 * x, "uses __rmul__"),
        (lambda x: x @ x, "uses __matmul__"),
        (lambda x: x.chunk(2), "uses .chunk"),
        (lambda x: x[0], r"uses x\[...\]"),
        (lambda x: torch.relu(x), "uses torch's relu"),
        (lambda x: x.flatten(1), "flattens axes 1 to -1 of 5"),
        (lambda x: x + 1, "adds a int"),
    ],
)
def test_what_a_block_computes_besides_is_refused_with_its_name(change, said):
    with pytest.raises(UsageError, match=rf"stages\.1 \(Mine\).*{said}"):
        lower(net_of(Mine(change)), (2, 6, 6))


class Halved(nn.Conv2d):
    """Computes with other weights than those it trains."""

    def forward(self, x):
        return self._conv_forward(x, self.weight / 2, self.bias)

    def folded(self):
        made = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        made.weight.data = self.weight.data / 2
        return made


def test_a_part_that_folds_is_read_as_what_it_folds_into():
    halved = Halved(4, 4, 3, padding=1, bias=False)
    norm = pooled_batch_norm(4)
    net = trained(net_of(nn.Sequential(TimeFold(halved), norm, LIF(v_threshold=0.2))))
    graph = assert_alike(net, (2, 6, 6))
    assert "stages.1.0.0" in [node.name for node in graph.nodes]
    halved.folded = lambda: Halved(4, 4, 3)
    with pytest.raises(UsageError, match=r"stages\.1\.0\.0 \(Halved\): it folds into another"):
        lower(net, (2, 6, 6))


def test_what_a_layer_gives_as_it_got_it_may_be_a_view():
    read = Reader(Draft((2, 3, 4)), nn.Dropout())
    x = read.input()
    same = read(read.root, x)
    assert same.source == x.source
    x += x
    with pytest.raises(UsageError, match=r"net \(Dropout\): its forward pass changes a value in"):
        _ = same.source


@pytest.mark.parametrize("build", [models.spikformer, models.spike_driven_transformer])
def test_attention_is_refused_by_name(build):
    net = build(3, 7, 16, width=0.1)
    with pytest.raises(UsageError, match=r"stages\.1\.0\.branch \(.*Attention\): attention"):
        lower(net, (3, 16, 16))


def test_a_flow_that_returns_something_else_is_refused():
    class Wrong(Block):
        def flow(self, run, x):
            return None

    with pytest.raises(UsageError, match=r"stages\.1: its flow returns no sequence"):
        lower(net_of(Wrong()), (2, 6, 6))
