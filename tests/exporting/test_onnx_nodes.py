import numpy as np
import pytest
import torch
import torch.nn.functional as F

pytest.importorskip("onnx", reason="needs the extra: pip install tssd[onnx]")
pytest.importorskip("onnxruntime", reason="needs the extra: pip install tssd[onnx]")
from onnx.reference import ReferenceEvaluator  # noqa: E402
from onnxruntime import InferenceSession  # noqa: E402

from graph.small import graph as of_every_operation  # noqa: E402
from tssd.exporting.onnx_graphs import step_model  # noqa: E402
from tssd.exporting.onnx_nodes import OnnxNodes  # noqa: E402
from tssd.graph import Graph, Node  # noqa: E402


def test_every_operation_by_onnxs_own_reference():
    model = step_model(of_every_operation(), {})
    x = np.zeros((1, 1, 4, 6), np.float32)
    membrane = np.zeros((1, 2, 4, 6), np.float32)
    given = {"input": x, "membrane/fire": membrane}
    logits, early, after = ReferenceEvaluator(model).run(None, given)
    # As by hand: conv 1, norm 2, spike 1, sum 3; the heads add 3 + 3 + 1.
    assert logits.tolist() == early.tolist() == [[7.0] * 5]
    assert np.unique(after).tolist() == [1.0]


@pytest.mark.parametrize("kind", ["avg_pool", "max_pool"])
@pytest.mark.parametrize("kernel", [(1, 3), (2, 2), (3, 1)])
@pytest.mark.parametrize("stride", [(2, 2), (3, 1)])
@pytest.mark.parametrize("ceil", [False, True])
def test_pools_of_all_sizes_are_those_of_torch(kind, kernel, stride, ceil):
    pad = [k // 2 for k in kernel] if kind == "max_pool" else [0, 0]
    options = {"kernel": [*kernel], "stride": [*stride], "ceil": ceil}
    options |= {"padding": pad} if kind == "max_pool" else {}
    for rows, columns in [(5, 8), (8, 5), (6, 7)]:
        x = torch.randn(2, 3, rows, columns, generator=torch.Generator().manual_seed(0))
        if kind == "avg_pool":
            expected = F.avg_pool2d(x, kernel, stride, ceil_mode=ceil)
        else:
            expected = F.max_pool2d(x, kernel, stride, pad, ceil_mode=ceil)
        pool = Node("pool", kind, ("input",), tuple(expected.shape[1:]), {}, options)
        flat = Node("flat", "flatten", ("pool",), (expected[0].numel(),))
        model = step_model(Graph((pool, flat), (3, rows, columns), "flat"), {})
        # Both of ONNX's own: shapes by full_check, values by the runtime.
        (found,) = InferenceSession(model.SerializeToString()).run(None, {"input": x.numpy()})
        np.testing.assert_allclose(found, expected.flatten(1), atol=1e-6)


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
