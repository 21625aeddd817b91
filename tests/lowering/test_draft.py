import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.lowering.draft import Draft


def test_a_step_knows_its_shape_and_a_name_that_is_taken_is_numbered():
    draft = Draft((2, 4, 4))
    first = draft.add("", "flatten", ["input"])
    again = draft.add("flatten", "flatten", ["input"])
    assert (first.name, first.shape, again.name) == ("flatten", (32,), "flatten:2")
    assert draft.add("input", "flatten", ["input"]).name == "input:2"
    with pytest.raises(UsageError, match=r"sum: it adds \[32\] and \[2, 4, 4\]"):
        draft.add("sum", "add", ["flatten", "input"])


def test_a_step_that_is_taken_out_leaves_its_readers_and_the_outputs_what_it_got():
    draft = Draft((2, 4, 4))
    draft.add("flat", "flatten", ["input"])
    one = {"scale": np.ones(32), "shift": np.ones(32)}
    middle = draft.add("middle", "affine", ["flat"], arrays=one)
    draft.add("behind", "affine", ["middle"], arrays=one)
    draft.outputs = {"": "behind", "0": "middle"}
    assert draft.only_reader("middle") is None  # it leaves as an exit as well
    assert draft.only_reader("flat") is middle
    draft.remove(middle)
    assert draft.outputs == {"": "behind", "0": "flat"}
    graph = draft.finished()
    assert [node.inputs for node in graph.nodes] == [("input",), ("flat",)]
    assert graph.nodes[1].arrays["scale"].dtype == np.float32
    assert [step.name for step in draft.of("affine")] == ["behind"]
