import pytest
import torch
from torch import nn

from tssd.adapters import adapt
from tssd.errors import UsageError
from tssd.lowering import LoweredNet, lower
from tssd.neurons import LIF
from tssd.time import TimeFold

X = torch.rand(4, 3, 1, 8, 8, generator=torch.Generator().manual_seed(0))


class Foreign(nn.Module):
    """A network as people write them, whose forward pass is `way`."""

    def __init__(self, way):
        super().__init__()
        torch.manual_seed(0)
        self.first = TimeFold(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.fire = LIF(v_threshold=0.3)
        self.second = TimeFold(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.again = LIF(v_threshold=0.3)
        self.head = nn.Linear(256, 5)
        self.narrow = nn.Conv2d(4, 4, 1)
        self.behind = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(64, 5))
        self.way = way

    def forward(self, x):
        return self.way(self, self.fire(self.first(x)))


def doubled(*args):
    return 2 * args[-1]


HOOKS = {
    "behind": lambda part: part.register_forward_hook(doubled),
    "in front": lambda part: part.register_forward_pre_hook(lambda part, args: doubled(*args)),
    "its own": lambda part: vars(part).update(forward=lambda x: 2 * type(part).forward(part, x)),
}


@pytest.mark.parametrize("way", HOOKS)
@pytest.mark.parametrize("name", ["", "0", "0.0", "1"])
def test_what_changes_a_part_s_call_from_outside_is_refused(name, way):
    layers = [TimeFold(nn.Conv2d(1, 4, 3), nn.Flatten()), LIF(), nn.Linear(144, 5)]
    net = adapt(nn.Sequential(*layers), example=X[0])
    HOOKS[way](net.module.get_submodule(name))
    with pytest.raises(UsageError, match=rf"^{name or 'net'} \(.*\): a (hook|forward) "):
        lower(net, (1, 8, 8))


def test_a_hook_of_what_is_looked_into_is_followed():
    net = adapt(nn.Sequential(Foreign(added)), example=X[0]).eval()
    net.module[0].register_forward_hook(lambda part, args, y: y + y)
    with torch.no_grad():
        torch.testing.assert_close(LoweredNet(lower(net, (1, 8, 8)))(X), net(X).logits)


def added(net, x):
    return net.head((x + net.again(net.second(x))).flatten(2))


def averaged(net, x):
    return net.head(net.again(net.second(x)).flatten(2).mean(0))


def added_in_place(net, x):
    h = net.second(x)
    h.add_(x)
    return net.head(h.flatten(2))


def added_in_place_under_two_names(net, x):
    h = net.second(x)
    before = h
    h += x
    return net.head((h + before).flatten(2))


def added_in_place_to_a_clone(net, x):
    h = net.second(x)
    before = h.clone()
    h += x
    return net.head((h + before).flatten(2))


def added_in_place_twice(net, x):
    h = net.second(x)
    again = h.add_(x)
    again += x
    return net.head(h.flatten(2).contiguous())


def averaged_before_it_is_flat(net, x):
    return net.head(net.again(net.second(x)).mean(0).flatten(1))


def flat_by_a_layer_behind_the_mean(net, x):
    return net.behind(net.again(net.second(x)).mean(0))


def averaged_with_another_branch(net, x):
    mean = x.mean(0)
    spikes = net.again(net.second(x))
    return net.head((mean + net.narrow(mean)).flatten(1)), spikes


def averaged_by_other_names(net, x):
    h = net.head(net.again(net.second(x)).flatten(start_dim=2))
    return h.mean(axis=0, dtype=torch.float32)


WAYS = [
    averaged_by_other_names,
    added,
    averaged,
    added_in_place,
    added_in_place_under_two_names,
    added_in_place_to_a_clone,
    added_in_place_twice,
    averaged_before_it_is_flat,
    flat_by_a_layer_behind_the_mean,
    averaged_with_another_branch,
]


def of(module, layout="time_first", **options):
    return adapt(module.eval(), example=X[0], layout=layout, **options).eval()


@pytest.mark.parametrize("way", WAYS)
def test_a_network_of_layers_is_followed(way):
    net = of(Foreign(way))
    graph = lower(net, (1, 8, 8))
    with torch.no_grad():
        expected = net(X).logits
        found, spikes = LoweredNet(graph).run(X)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert all(s.any() for s in spikes.values()) and "fire" in spikes
    if "again" in spikes:
        assert [*spikes] == ["fire", "again"]


@pytest.mark.parametrize(("mode", "layout"), [("m", "time_first"), ("s", "stepped")])
def test_spikingjellys_networks_are_followed(mode, layout):
    library = "spikingjelly.activation_based"
    neuron = pytest.importorskip(
        f"{library}.neuron", reason="needs the extra: pip install tssd[interop]"
    )
    from spikingjelly.activation_based import functional, layer

    torch.manual_seed(0)
    module = nn.Sequential(
        layer.Conv2d(1, 8, 3, padding=1, bias=False),
        layer.BatchNorm2d(8),
        neuron.LIFNode(v_threshold=0.1),
        layer.MaxPool2d(2),
        layer.Conv2d(8, 8, 3, padding=1),
        neuron.ParametricLIFNode(v_threshold=0.05, v_reset=None),
        layer.Flatten(),
        layer.Linear(128, 5),
    )
    functional.set_step_mode(module, mode)
    net = of(module, layout)
    graph = lower(net, (1, 8, 8))
    with torch.no_grad():
        expected = net(X).logits
        found, spikes = LoweredNet(graph).run(X)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert spikes["5"].any()


@pytest.mark.parametrize("own", [True, False])
def test_a_neuron_of_spikingjellys_that_is_called_twice_a_step_is_refused(own):
    neuron = pytest.importorskip(
        "spikingjelly.activation_based.neuron", reason="needs the extra: pip install tssd[interop]"
    )
    fire = [neuron.LIFNode(v_threshold=0.1) for _ in range(2)]
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), fire[0], nn.Conv2d(4, 4, 3, padding=1), fire[int(own)],
        nn.Flatten(), nn.Linear(256, 5),
    )  # fmt: skip
    net = of(module, "stepped")
    if not own:
        with pytest.raises(UsageError, match=r"^1 \(LIFNode\): it is called more than once"):
            lower(net, (1, 8, 8))
        return
    with torch.no_grad():
        found = LoweredNet(lower(net, (1, 8, 8)))(X)
        torch.testing.assert_close(found, net(X).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["WSConv2d", "WSLinear"])
def test_spikingjellys_layers_with_other_weights_are_refused_by_name(kind):
    pytest.importorskip("spikingjelly", reason="needs the extra: pip install tssd[interop]")
    from spikingjelly.activation_based import layer, neuron

    made = layer.WSConv2d(1, 4, 8) if kind == "WSConv2d" else nn.Conv2d(1, 4, 8)
    last = layer.WSLinear(4, 5) if kind == "WSLinear" else nn.Linear(4, 5)
    module = nn.Sequential(made, neuron.IFNode(v_threshold=0.1), nn.Flatten(), last)
    with pytest.raises(UsageError, match=rf"^\d \({kind}\): it has no operation"):
        lower(of(module, "stepped"), (1, 8, 8))


def test_neurons_of_another_library_are_refused_with_those_that_are_known():
    snntorch = pytest.importorskip("snntorch", reason="needs the extra: pip install tssd[interop]")
    module = nn.Sequential(
        nn.Flatten(), snntorch.Leaky(beta=0.5, init_hidden=True), nn.Linear(64, 5)
    )
    with pytest.raises(UsageError, match=r"1 \(Leaky\): of other libraries' neurons a graph knows"):
        lower(of(module, "stepped"), (1, 8, 8))


def changed_behind_a_view(net, x):
    h = net.second(x)
    flat = h.flatten(2)
    h += x
    return net.head(flat)


def times(net, x):
    return net.head((2 * x).flatten(2))


def by_value(net, x):
    return added(net, x) if x.sum() > -1 else x


def loose(net, x):
    return net.head(x.flatten(2)) + net.head.bias


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (times, "net: at mul of Foreign, it uses mul, but a graph has convolutions"),
        (by_value, "net: torch.fx can't follow Foreign, whose forward pass depends on values"),
        (loose, "it uses head.bias"),
        (changed_behind_a_view, "changes a value in place, and uses another view of it afterwards"),
    ],
)
def test_what_it_cannot_follow_is_said(way, said):
    with pytest.raises(UsageError, match=said):
        lower(of(Foreign(way)), (1, 8, 8))


class LargestOfTheMean(nn.Module):
    """Takes the mean before anything else."""

    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(self.pool(x.mean(0)).flatten(1))


def test_a_mean_of_the_input_itself_is_a_mean():
    with pytest.raises(UsageError, match="^pool: it gets a mean over time, but is a max_pool"):
        lower(of(LargestOfTheMean()), (1, 8, 8))


class Remembering(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(64, 5)

    def forward(self, x, state=0):
        return self.head(x.flatten(1) + state), x.flatten(1)


def test_a_state_of_its_own_and_other_layouts_are_refused():
    with pytest.raises(UsageError, match="it takes a state, which only neurons may carry"):
        lower(of(Remembering(), "stepped"), (1, 8, 8))

    class BatchFirst(Foreign):
        def forward(self, x):
            return super().forward(x.transpose(0, 1)).transpose(0, 1)

    with pytest.raises(UsageError, match="has the layout batch_first, expected time_first or"):
        lower(of(BatchFirst(added), "batch_first"), (1, 8, 8))
