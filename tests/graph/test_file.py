import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from graph.small import graph
from tssd.errors import DataError
from tssd.graph import read_graph, write_graph
from tssd.graph.file import VERSION

FACTS = {"class_names": ["a", "ü"], "accuracy": [0.5, 1.0]}


def test_what_is_read_is_what_was_written(tmp_path):
    made = graph()
    write_graph(tmp_path / "net.safetensors", made, FACTS)
    read, facts = read_graph(tmp_path / "net.safetensors")
    assert facts == FACTS
    assert (read.output, read.exits, read.sample_shape) == (made.output, made.exits, (1, 4, 6))
    for before, after in zip(made.nodes, read.nodes, strict=True):
        names = ("name", "op", "inputs", "shape", "options")
        assert all(getattr(before, n) == getattr(after, n) for n in names)
        assert before.arrays.keys() == after.arrays.keys()
        assert all(np.array_equal(a, after.arrays[n]) for n, a in before.arrays.items())
    assert [file.name for file in tmp_path.iterdir()] == ["net.safetensors"]


def damaged(path, **changed):
    write_graph(path, graph(), FACTS)
    shape = {"sample_shape": [1, 2, 3], "output": "x", "exits": {}}
    content = {"version": VERSION, "nodes": []} | shape
    metadata = {"format": "tssd-graph", "graph": json.dumps(content), "facts": "{}"} | changed
    save_file({"0.weight": np.ones(2, np.float32)}, path, metadata=metadata)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "output is 'x'"),
        ({"format": "other"}, "it is safetensors, but holds no graph"),
        ({"graph": "{"}, "Expecting property name"),
        ({"graph": '{"version": 99}'}, "its form is 99, expected 1"),
        ({"graph": '{"version": 1, "nodes": [1]}'}, "damaged or no graph"),
        ({"graph": '{"version": 1, "nodes": [], "sample_shape": ["a", 1, 1]}'}, "no graph"),
        ({"facts": "[]"}, "its facts are no mapping"),
        ({"facts": "[" * 10**5}, "recursion"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path, changed, said):
    path = tmp_path / "net.safetensors"
    damaged(path, **changed)
    with pytest.raises(DataError, match=said) as caught:
        read_graph(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["1e39", "1" + 400 * "0"])
def test_a_number_that_is_none_in_float32_is_refused(tmp_path, number):
    path = tmp_path / "net.safetensors"
    write_graph(path, graph(), FACTS)
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    changed = metadata["graph"].replace('"decay": 0.5', f'"decay": {number}')
    save_file(tensors, path, metadata=metadata | {"graph": changed})
    with pytest.raises(DataError, match=r"decay is 1.*, expected a finite number"):
        read_graph(path)


def test_what_is_no_safetensors_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"no")
    with pytest.raises(DataError, match="damaged or no graph"):
        read_graph(tmp_path / "x")
    with pytest.raises(DataError, match="no such file"):
        read_graph(tmp_path / "nothing")


def test_torch_is_not_imported():
    code = "import sys, tssd.graph; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
