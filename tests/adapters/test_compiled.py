import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounter

import tssd
from tssd.adapters import adapt

from .nets import CLASSES, Plain, images, sequence

# Of Dynamo, where a graph is broken.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")


class Broken(nn.Module):
    """A network that is compiled in pieces, around something that no graph can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = Plain()
        self.head = nn.Linear(CLASSES, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.plain(x)
        torch._dynamo.graph_break()
        return self.head(y)


def jelly() -> nn.Module:
    layer = pytest.importorskip("spikingjelly.activation_based.layer")
    neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
    lif = neuron.LIFNode(step_mode="m")
    return nn.Sequential(nn.Flatten(2), layer.Linear(64, 32, step_mode="m"), lif, nn.Linear(32, 5))


def snn() -> nn.Module:
    snntorch = pytest.importorskip("snntorch")
    neuron = snntorch.Leaky(beta=0.5, init_hidden=True)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), neuron, nn.Linear(32, 5))


@pytest.fixture(autouse=True)
def _no_graph_of_another_test():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize("order", ["taps first", "taps later"])
@pytest.mark.parametrize(
    ("make", "tap", "layout"),
    [
        (Plain, "stem", "time_first"),
        (Broken, "plain.stem", "time_first"),
        (Broken, "plain.stem.1", "time_first"),
        (jelly, "2", "time_first"),
        (snn, "2", "stepped"),
    ],
)
def test_a_compiled_network_gives_the_taps_whichever_call_comes_first(make, tap, layout, order):
    other = "0" if layout == "stepped" else tap
    net = adapt(make(), [tap, other], example=images(4), layout=layout)
    net.eval()
    compiled = torch.compile(net, backend="eager")
    x = 3 * sequence(4, 5)
    asked = [[], [tap], [], list(net.places), [tap]]
    for taps in asked[1:] if order == "taps first" else asked:
        expected, found = net(x, taps), compiled(x, taps)
        torch.testing.assert_close(found.logits, expected.logits)
        assert list(found.taps) == list(expected.taps)
        assert all(torch.equal(found.taps[name], shown) for name, shown in expected.taps.items())
    assert not any(part._forward_hooks or "forward" in vars(part) for part in net.modules())


def test_a_compiled_network_trains_after_a_call_without_taps():
    net = adapt(jelly(), ["2"], example=images(4))
    criterion = tssd.tssd(2, 4, tap="2").connect(net)
    compiled, labels = torch.compile(net, backend="eager"), torch.arange(4) % CLASSES
    compiled(tssd.repeat_in_time(images(4), 4))
    for _ in range(2):
        found = criterion.run(compiled, images(4), labels).total
        torch.testing.assert_close(found, criterion.run(net, images(4), labels).total)


def test_the_inside_of_a_network_is_one_graph_where_no_tap_is_asked_for():
    net, counter = adapt(jelly(), ["2"], example=images(4)), CompileCounter()
    compiled = torch.compile(net, backend=counter)
    compiled(sequence(4, 5))
    assert counter.frame_count == 1
    assert counter.op_count >= 4
