import pytest

from graph.small import graph, nodes
from tssd.errors import DataError
from tssd.graph import Graph, Node


def test_a_graph_is_asked_about_its_nodes():
    made = graph()
    assert made.num_classes == 5
    assert [node.name for node in made.neurons()] == ["fire"]
    assert [node.name for node in made.readers("sum")] == ["pool", "mean"]
    assert (made.shape("input"), made.shape("flat")) == ((1, 4, 6), (2,))
    with pytest.raises(KeyError):
        made.node("nobody")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (Node("conv", "flatten", ("input",), (24,)), "its name is taken or empty"),
        (Node("input", "flatten", ("input",), (24,)), "its name is taken or empty"),
        (Node("norm", "flatten", ("pool",), (24,)), "it gets 'pool', which does not run before it"),
        (
            Node("norm", "flatten", ("conv",), (24,)),
            r"node 'norm' \(flatten\): its shape is \[24\]",
        ),
    ],
)
def test_a_node_that_cannot_run_is_named(changed, said):
    with pytest.raises(DataError, match=said):
        graph(norm=changed)


@pytest.mark.parametrize(
    ("shape", "output", "exits", "said"),
    [
        ((1, 4), "head", {}, "sample_shape is"),
        ((1, 4, 6), "pool", {}, "output is 'pool', expected a node that gives"),
        ((1, 4, 6), "input", {}, "output is 'input'"),
        ((1, 4, 6), "head", {"0": "nobody"}, "output is 'nobody'"),
        ((1, 4, 6), "head", {"0": "flat"}, "an exit has other classes"),
    ],
)
def test_outputs_are_logits(shape, output, exits, said):
    with pytest.raises(DataError, match=said):
        Graph(nodes(), shape, output, exits)
