import json

import numpy as np
import pytest
import torch

onnx = pytest.importorskip("onnx", reason="needs the extra: pip install tssd[onnx]")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra: pip install tssd[onnx]")
from tssd.exporting.onnx_graphs import membrane, step_model, unrolled_model  # noqa: E402
from tssd.lowering import LoweredNet  # noqa: E402


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString())


def test_a_step_takes_its_state_and_gives_the_next(graph, x):
    lowered, step = LoweredNet(graph), session(step_model(graph, {}))
    state = lowered.initial_state(x[0])
    given = {membrane(n): v.numpy() for n, v in zip(lowered.lifs, state, strict=True)}
    names = [output.name for output in step.get_outputs()]
    assert names == ["logits", "exits/1", *(f"{name}/next" for name in given)]
    for x_t in x:
        with torch.no_grad():
            expected = lowered.step(x_t, state)
        found = dict(zip(names, step.run(None, given | {"input": x_t.numpy()}), strict=True))
        state, given = expected.membranes, {name: found[f"{name}/next"] for name in given}
        assert np.abs(found["logits"] - expected.logits.numpy()).max() < 1e-5
        assert np.abs(found["exits/1"] - expected.exits["1"].numpy()).max() < 1e-5
        for v, name in zip(state, given, strict=True):
            assert np.abs(given[name] - v.numpy()).max() < 1e-5


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("timesteps", [1, 3])
def test_all_steps_at_once(graph, x, timesteps, repeats):
    model = unrolled_model(graph, timesteps, {"a": 1}, repeats=repeats)
    x = x[:1].expand(timesteps, *x.shape[1:]) if repeats else x[:timesteps]
    with torch.no_grad():
        expected = LoweredNet(graph)(x).numpy()
    given = {"input": x[0].numpy() if repeats else x.numpy()}
    logits, early = session(model).run(None, given)
    assert np.abs(logits - expected).max() < 1e-5
    assert early.shape == logits.shape == (timesteps, 5, 3)
    # An image's currents, in front of the first neurons, are computed once.
    convolutions = [node.input[0] for node in model.graph.node if node.op_type == "Conv"]
    assert (convolutions[0] == "input") == repeats
    assert json.loads(model.metadata_props[0].value) == {"a": 1}


def test_sizes_that_may_change_have_a_name(graph):
    (given,) = unrolled_model(graph, 3, {}, repeats=False).graph.input
    axes = [axis.dim_param or axis.dim_value for axis in given.type.tensor_type.shape.dim]
    assert axes == [3, "samples", 2, 9, 9]
