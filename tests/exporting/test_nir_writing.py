import json
from dataclasses import replace

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.exporting.nir_writing import library, to_nir
from tssd.exporting.request import UnsupportedError
from tssd.graph import Graph, Node

from .nir_networks import SHAPE, conv, neuron, vgg

pytest.importorskip("nir", reason="needs the extra: pip install tssd[nir]")


def with_node(index, **changed):
    """`vgg` with another node in the place of one."""
    graph = vgg()
    nodes = [*graph.nodes]
    nodes[index] = replace(nodes[index], **changed)
    return replace(graph, nodes=tuple(nodes))


def test_constants_are_those_of_the_differential_equation():
    # tau dv/dt = v_leak - v + r x by one step of dt = 0.1 ms: v = 0.75 v + 0.25 (-0.5 + 4 x)
    made = to_nir(vgg(decay=0.75, offset=-0.125, reset_value=-0.5), {})
    lif = made.nodes["stages.0.2"]
    found = [np.unique(getattr(lif, name)) for name in ("tau", "r", "v_leak", "v_reset")]
    np.testing.assert_allclose(np.ravel(found), [4e-4, 4, -0.5, -0.5], rtol=1e-12)
    assert lif.tau.shape == (4, 8, 8)


def test_a_neuron_without_leak_is_an_if():
    lif = to_nir(vgg(decay=1.0), {}).nodes["stages.0.2"]
    assert type(lif).__name__ == "IF"
    np.testing.assert_allclose(np.unique(lif.r), [1e4])


def test_a_neuron_that_fires_at_its_threshold_fires_above_the_number_before():
    at, above = (to_nir(vgg(fires=f), {}).nodes["stages.0.2"].v_threshold for f in ("at", "above"))
    assert (above == 1).all()
    assert (at == 1 - 2.0**-24).all()  # no float32 lies between


def test_what_nir_does_not_say_is_in_the_metadata():
    made = to_nir(vgg(reset="soft", subtract=0.5), {"timesteps": 4}, soft_reset="recorded")
    told = json.loads(made.metadata["tssd"])
    assert (told["dt"], told["output"], told["facts"]) == (1e-4, "head.1", {"timesteps": 4})
    assert told["nodes"][1]["neuron"] == {
        "reset": "soft",
        "fires": "at",
        "initial": [0.0],
        "subtract": [0.5],
    }


def test_edges_add_up_and_never_more_than_two():
    rng = np.random.default_rng(0)
    nodes = (
        conv("a", "input", 2, SHAPE, rng),
        Node("b", "add", ("a", "input"), SHAPE),
        neuron("c", "b", SHAPE),
        Node("d", "add", ("c", "b"), SHAPE),
        Node("output", "mean", ("d",), (2,)),
    )
    made = to_nir(Graph(nodes, SHAPE, "output"), {})
    assert set(made.edges) == {
        ("input", "a"),
        ("a", "b"),
        ("input", "b"),
        ("b", "c"),
        ("b", "output.pool"),
        ("c", "output.pool"),
        ("output.pool", "output"),
        ("output", "output_"),
    }
    assert made.nodes["b"].kernel_size.tolist() == [1, 1]


def test_a_network_without_convolutions():
    nodes = (
        Node("flat", "flatten", ("input",), (128,)),
        Node(
            "norm",
            "affine",
            ("flat",),
            (128,),
            {"scale": np.full(128, 2, np.float32), "shift": np.ones(128, np.float32)},
        ),
        neuron("lif", "norm", (128,)),
    )
    made = to_nir(Graph(nodes, SHAPE, "lif"), {})
    assert type(made.nodes["norm"]).__name__ == "Affine"
    assert (made.nodes["norm"].weight == 2 * np.eye(128)).all()


def renamed(name, head="flatten"):
    """The network with another name for its second convolution."""
    *front, flat, last = vgg().nodes
    if head == "mean":
        last = replace(last, arrays=last.arrays | {"weight": last.arrays["weight"][:, :6]})
        flat = replace(flat, op="mean", shape=(6,))
    nodes = [replace(n, name=name) if n.name == "stages.1.0" else n for n in (*front, flat, last)]
    nodes = [replace(n, inputs=(name,)) if n.inputs == ("stages.1.0",) else n for n in nodes]
    return Graph(tuple(nodes), SHAPE, last.name)


RNG = np.random.default_rng(3)
MAX = {"kernel": [2, 2], "stride": [2, 2], "padding": [0, 0], "ceil": False}
GROUPS = conv("stages.1.0", "pool", 2, (6, 4, 4), RNG, groups=2)
WIDE = {"weight": RNG.random((4, 2, 1, 3), np.float32), "bias": np.zeros(4, np.float32)}
WIDE_OPTIONS = {"stride": [1, 1], "padding": [0, 1], "dilation": [1, 1], "groups": 1}
CEIL = (
    Node(
        "pool",
        "avg_pool",
        ("input",),
        (2, 3, 3),
        {},
        {"kernel": [3, 3], "stride": [3, 3], "ceil": True},
    ),
    Node("mean", "mean", ("pool",), (2,)),
)
TWICE = (Node("sum", "add", ("input", "input"), SHAPE), Node("mean", "mean", ("sum",), (2,)))
OUTPUT = (
    Node("mean", "mean", ("input",), (2,)),
    neuron("lif", "mean", (2,)),
    Node("sum", "add", ("mean", "lif"), (2,)),
)


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (vgg(reset="soft"), r"node 'stages\.0\.2' \(lif\): it subtracts its threshold"),
        (vgg(decay=1.0, offset=0.1), "adds a constant"),
        (vgg(decay=1.5), "decay that no time constant gives"),
        (
            with_node(2, op="max_pool", options=MAX),
            r"'pool' \(max_pool\): it is no operation of NIR",
        ),
        (with_node(3, arrays=GROUPS.arrays, options=GROUPS.options), "2 groups"),
        (with_node(0, arrays=WIDE, options=WIDE_OPTIONS), r"type mismatch|squares"),
        (Graph(CEIL, SHAPE, "mean"), "windows over the edge"),
        (Graph(TWICE, SHAPE, "mean"), "added up twice"),
        (Graph(OUTPUT, SHAPE, "sum"), "'sum' .*is the output"),
        (replace(vgg(), exits={"0": "head.1"}), r"has exits \(0\)"),
        (renamed("stages_0.0"), r"'stages_0\.0' \(conv\): it has the name of 'stages\.0\.0' for"),
        (renamed("left/right"), r"'left/right' \(conv\): it has a / in its name"),
        (renamed("head.0.pool", head="mean"), r"'head\.0' \(mean\): it has the name of"),
    ],
)
def test_what_nir_can_not_say_is_refused(graph, told):
    with pytest.raises(UnsupportedError, match=told) as error:
        to_nir(graph, {})
    assert "\n" not in str(error.value)


def test_an_unknown_word_is_refused():
    with pytest.raises(UsageError, match="soft_reset: got 'ignored', expected refused or recorded"):
        to_nir(vgg(), {}, soft_reset="ignored")


def test_the_extra_is_named_where_the_package_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nir", None)
    with pytest.raises(UsageError, match=r"pip install 'tssd\[nir\]'"):
        library()
