import json

import torch

from exporting.conftest import FACTS
from tssd.exporting import torch as format_
from tssd.exporting.comparison import compare, run_network


def test_the_program_runs_without_us(graph, net, heads, x, request_, tmp_path):
    format_.write(tmp_path, graph, FACTS, request_)
    ran = format_.run(tmp_path, x.numpy(), request_)
    found = compare(graph, net, run_network(graph, net, x, heads), ran)
    assert found.label == "faithful" and found.logits_difference < 1e-6
    assert found.exits_difference < 1e-6
    # For any number of samples, one included.
    one = format_.run(tmp_path, x[:, :1].numpy(), request_)
    assert abs(one.logits - ran.logits[:, :1]).max() < 1e-5
    extra = {"tssd.json": ""}
    torch.export.load(tmp_path / "step.pt2", extra_files=extra)
    facts = json.loads(extra["tssd.json"])
    assert facts["class_names"] == FACTS["class_names"]
    assert [each["name"] for each in facts["state"]] == [node.name for node in graph.neurons()]
