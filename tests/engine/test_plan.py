"""Which steps there are, what runs together, and in which order."""

import numpy as np

from tssd.engine.plan import needed, plan, whole_layers
from tssd.graph import INPUT, Graph, Node

from .small import LIF, conv, leveled, lif, linear, network, shortcut

STEPS = plan(network(), 8)
BY_NAME = {step.name: step for step in STEPS}


def test_neurons_run_with_the_layer_that_they_alone_read():
    assert "stem" not in BY_NAME and "a" not in BY_NAME
    assert BY_NAME["first"].inputs == (INPUT,)
    assert BY_NAME["first"].weights is not None
    # Behind a sum there is no such layer, and a layer that several read stays by itself.
    assert BY_NAME["last"].weights is None
    r = np.random.default_rng(0)
    nodes = (
        conv(r, "c", INPUT, (4, 3, 3), 1),
        lif("one", "c", (4, 3, 3)),
        lif("two", "c", (4, 3, 3), LIF | {"threshold": 2.0}),
        *(n for n in network().nodes if n.name == "nothing"),
    )
    names = [step.name for step in plan(_ended(r, nodes), 0)]
    assert names[:3] == ["c", "one", "two"]


def _ended(r, nodes):
    end = (
        Node("add", "add", ("one", "two"), (4, 3, 3)),
        Node("flat", "flatten", ("add",), (36,)),
        linear(r, "head", "flat", 36, 2),
    )
    return Graph((*nodes, *end), (1, 3, 3), "head")


def test_weights_are_whole_where_spikes_are_seen_and_neurons_follow():
    whole = {s.name for s in STEPS if s.weights is not None and s.weights.bits}
    assert whole == {"wide", "back", "block", "d", "shortcut", "features"}
    # The layers themselves, of which some run with their neurons.
    assert whole_layers(STEPS) == {"a", "b", "c", "d", "shortcut", "hidden"}
    assert not any(s.weights.bits for s in plan(network(), 0) if s.weights is not None)


def test_the_largest_counts_follow_from_the_graph():
    tops = {name: BY_NAME[name].top for name in ("first", "sum", "pool", "most", "both", "head")}
    assert tops == {"first": 1, "sum": 2, "pool": 8, "most": 1, "both": 0, "head": 0}


def test_weights_behind_sums_of_counts_of_several_scales_stay_real():
    steps = {step.name: step for step in plan(shortcut(), 8)}
    assert {name: steps[name].top for name in ("pool", "block", "sum")} == {
        "pool": 4,
        "block": 1,
        "sum": 0,
    }
    assert {n: steps[n].weights.bits for n in ("block", "last")} == {"block": 8, "last": 0}


def test_neurons_that_adapt_their_input_do_not_do_so_behind_weights():
    back, last = BY_NAME["back"], BY_NAME["last"]
    assert not back.neurons.adapts_input
    assert last.neurons.adapts_input


def test_only_what_an_output_needs_is_run():
    names = [step.name for step in needed(STEPS, ("head",))]
    assert "early" not in names and "gone" not in names
    early = [step.name for step in needed(STEPS, ("early", "head"))]
    assert early.index("early") < early.index("most")
    assert sorted(early) == sorted(BY_NAME)


def test_what_nobody_needs_any_more_is_forgotten_once():
    steps = needed(STEPS, ("head",))
    forgotten = [name for step in steps for name in step.forget]
    assert sorted(forgotten) == sorted({INPUT, *(s.name for s in steps)} - {"head"})
    assert "first" in next(s for s in steps if s.name == "sum").forget


def test_levels_of_one_input_are_part_of_what_adds_them():
    steps = plan(leveled(), 0)
    joined = {step.name: step for step in needed(steps, ("head",))}
    assert set(joined) == {"stem", "three", "next", "most", "both", "flat", "head"}
    assert [level.name for level in joined["three"].levels] == ["low", "middle", "high"]
    assert joined["three"].inputs == ("stem",) and joined["three"].top == 3
    apart = {step.name: step for step in needed(steps, ("head",), apart=True)}
    assert set(apart) == {step.name for step in steps}
    assert apart["three"].inputs == ("two", "high") and apart["three"].levels == ()


def test_sums_of_other_things_have_no_levels():
    # Spikes of two layers, and currents.
    assert BY_NAME["sum"].levels == () and BY_NAME["both"].levels == ()
    # Somebody else looks at a level, or at a part of the sum.
    for seen in ("low", "two"):
        reader = Node("seen", "mean", (seen,), (70,))
        extra = Graph((*leveled().nodes, reader), (2, 9, 8), "head")
        found = {step.name: step for step in plan(extra, 0)}["three"].levels
        assert found == (), seen
