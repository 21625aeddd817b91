import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra: pip install tssd[onnx]")
from onnx.reference import ReferenceEvaluator  # noqa: E402

from graph.small import graph as of_every_operation  # noqa: E402
from tssd.exporting.onnx_graphs import step_model  # noqa: E402
from tssd.exporting.onnx_nodes import OnnxNodes  # noqa: E402


def test_every_operation_by_onnxs_own_reference():
    model = step_model(of_every_operation(), {})
    x = np.zeros((1, 1, 4, 6), np.float32)
    membrane = np.zeros((1, 2, 4, 6), np.float32)
    given = {"input": x, "membrane/fire": membrane}
    logits, early, after = ReferenceEvaluator(model).run(None, given)
    # As by hand: conv 1, norm 2, spike 1, sum 3; the heads add 3 + 3 + 1.
    assert logits.tolist() == early.tolist() == [[7.0] * 5]
    assert np.unique(after).tolist() == [1.0]


def test_a_weight_is_kept_once(graph):
    made = OnnxNodes(graph)
    assert made.weight("w", [1.0]) == made.weight("w", [1.0]) == "w"
    assert len(made.weights) == 1


def test_what_multiplies_by_one_or_adds_nothing_is_left_out():
    made = OnnxNodes(of_every_operation())
    made.fire(made.graph.neurons()[0], "x", "v")
    assert [node.op_type for node in made.nodes] == [
        "Mul", "Add", "GreaterOrEqual", "Cast", "Sub",
    ]  # fmt: skip
