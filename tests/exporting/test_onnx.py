from dataclasses import replace

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the extra: pip install tssd[onnx]")
pytest.importorskip("onnxruntime", reason="needs the extra: pip install tssd[onnx]")
from exporting.conftest import FACTS  # noqa: E402
from tssd.exporting import onnx as format_  # noqa: E402
from tssd.exporting.comparison import compare, run_network  # noqa: E402


def test_what_onnxruntime_makes_of_the_files(graph, net, heads, x, request_, tmp_path):
    format_.write(tmp_path, graph, FACTS, request_)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step.onnx", "unrolled.onnx"]
    ran = format_.run(tmp_path, x.numpy(), request_)
    found = compare(graph, net, run_network(graph, net, x, heads), ran)
    assert found.label == "faithful" and found.logits_difference < 1e-5
    assert found.exits_difference < 1e-5
    assert set(ran.spikes) == {node.name for node in graph.neurons()}
    # Of another T all is by the step graph.
    fewer = format_.run(tmp_path, x[:2].numpy(), request_)
    assert np.abs(fewer.logits - ran.logits[:2]).max() < 1e-5
    assert np.array_equal(fewer.spikes["stages.0.2"], ran.spikes["stages.0.2"][:2])
    without = format_.run(tmp_path, x.numpy(), replace(request_, spikes=False))
    assert without.spikes == {} and np.array_equal(without.logits, ran.logits)


def test_an_image_is_given_once(graph, net, x, request_, tmp_path):
    format_.write(tmp_path, graph, FACTS | {"input": "image"}, request_)
    images = x[:1].expand_as(x)
    ran = format_.run(tmp_path, images.numpy(), request_)
    found = compare(graph, net, run_network(graph, net, images), ran)
    assert found.label == "faithful"
    # What changes in time is not what the unrolled graph takes.
    ran = format_.run(tmp_path, x.numpy(), request_)
    assert compare(graph, net, run_network(graph, net, x), ran).label == "faithful"
