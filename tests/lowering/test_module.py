import numpy as np
import torch

from graph.small import LIF, graph, ones
from tssd.graph import Graph, Node
from tssd.lowering import LoweredNet


def neuron(**options):
    """A graph of one neuron for each of three channels, whose logits are their spikes."""
    arrays = {name: value for name, value in options.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in (LIF | options).items() if name not in arrays}
    fire = Node("fire", "lif", ("input",), (3, 1, 1), arrays, plain)
    return LoweredNet(Graph((fire, Node("flat", "flatten", ("fire",), (3,))), (3, 1, 1), "flat"))


def inputs(*values):
    return torch.tensor(values).view(-1, 1, 1, 1, 1).expand(-1, 1, 3, 1, 1)


def test_a_soft_reset_by_pencil():
    # v: 0.75; 1.125 fires, 0.125; 1.0625 fires
    assert neuron()(inputs(0.75, 0.75, 1.0))[:, 0].tolist() == [[0] * 3, [1] * 3, [1] * 3]


def test_channels_have_constants_of_their_own_and_at_is_not_above():
    net = neuron(threshold=np.float32([1.0, 1.5, 3.0]))
    assert net(inputs(1.0, 1.0, 1.0))[:, 0].tolist() == [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    strict = neuron(fires="above")
    assert strict(inputs(1.0, 1.0))[:, 0, 0].tolist() == [0, 1]


def test_a_hard_reset_begins_at_its_own_initial():
    hard = {"reset": "hard", "reset_value": np.float32([0.0, 0.5, -1.0]), "initial": 1.0}
    options = {name: value for name, value in (LIF | hard).items() if name != "subtract"}
    arrays = {"reset_value": options.pop("reset_value")}
    fire = Node("fire", "lif", ("input",), (3, 1, 1), arrays, options)
    flat = Node("flat", "flatten", ("fire",), (3,))
    net = LoweredNet(Graph((fire, flat), (3, 1, 1), "flat"))
    # H(1) = 0.5 + 0.5 fires in all, H(2) = 0.75 + reset / 2
    assert net(inputs(0.5, 0.75))[:, 0].tolist() == [[1, 1, 1], [0, 1, 0]]


def test_input_scale_offset_and_what_a_spike_takes_off():
    net = neuron(input_scale=2.0, offset=0.25, subtract=1.5, threshold=0.75)
    # H: 1.25 fires, -0.25; -0.125 + 0.25 + 0.5 = 0.625
    assert net(inputs(0.5, 0.25))[:, 0, 0].tolist() == [1, 0]


def test_every_operation_and_exits_by_hand():
    net = LoweredNet(graph())
    stepped = net.step(torch.zeros(1, 1, 4, 6), net.initial_state(torch.zeros(1, 1, 4, 6)))
    # conv 0 + 1, norm 2, spike 1, sum 3: mean and largest are 3, a head adds 3 + 3 + 1
    assert stepped.logits.tolist() == [[7.0] * 5]
    assert stepped.exits["0"].tolist() == [[7.0] * 5]
    assert stepped.membranes[0].unique().tolist() == [1.0]
    assert ones(1).dtype == np.float32
