import h5py
import numpy as np
import pytest

from tssd.errors import DataError
from tssd.exporting import nir
from tssd.exporting.nir_reading import read_nir
from tssd.exporting.request import Request

from .nir_networks import change_metadata, residual, vgg

pytest.importorskip("nir", reason="needs the extra: pip install tssd[nir]")

RECORDED = Request(4, "float32", None, soft_reset="recorded")


@pytest.fixture
def written(tmp_path):
    def written(graph):
        nir.write(tmp_path, graph, {"classes": ["a", "b"]}, RECORDED)
        return tmp_path / nir.FILE

    return written


def as_float32(options):
    return {k: np.float32(v) if type(v) is float else v for k, v in options.items()}


@pytest.mark.parametrize(
    "graph",
    [
        vgg(),
        vgg(reset="soft", fires="above", threshold=0.3),
        vgg(decay=0.123, input_scale=0.7),
        residual(),
    ],
    ids=["hard", "soft", "scaled", "residual"],
)
def test_a_graph_comes_back_as_it_was(graph, written):
    back, facts = read_nir(written(graph))
    assert facts == {"classes": ["a", "b"]}
    assert (back.sample_shape, back.output) == (graph.sample_shape, graph.output)
    assert [n.name for n in back.nodes] == [n.name for n in graph.nodes]
    for node, other in zip(graph.nodes, back.nodes, strict=True):
        assert (node.op, node.inputs, node.shape) == (other.op, other.inputs, other.shape)
        assert node.arrays.keys() == other.arrays.keys()
        assert all((node.arrays[k] == other.arrays[k]).all() for k in node.arrays)
        assert as_float32(node.options) == as_float32(other.options)


def test_weights_that_were_changed_count(written):
    path = written(vgg())
    with h5py.File(path, "r+") as file:
        file["node/nodes/head.1/bias"][0] = 7
    assert read_nir(path).graph.node("head.1").arrays["bias"][0] == 7


def change_edges(file):
    edges = file["node/edges"][()]
    edges[(edges == b"pool")[:, 1], 0] = b"stages.0.0"
    file["node/edges"][...] = edges


def link_outside(file):
    del file["node/nodes/head.1/bias"]
    file["node/nodes/head.1/bias"] = h5py.ExternalLink("other.h5", "/bias")


def go_in_circles(file):
    file["node/nodes/again"] = file["node"]


def another_tau(file):
    file["node/nodes/stages.0.2/tau"][0, 0, 0] *= 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (change_edges, "edges to pool are not"),
        (lambda file: change_metadata(file, version=9), "its version is 9"),
        (lambda file: change_metadata(file, dt=0), "its dt is 0"),
        (lambda file: change_metadata(file, dt=10**400), "too large"),
        (lambda file: change_metadata(file, output="x"), "output is 'x'"),
        (lambda file: change_metadata(file, nodes=3), "not iterable"),
        (link_outside, "bias is a link to elsewhere"),
        (go_in_circles, "too deep"),
        (another_tau, "several constants"),
    ],
)
def test_what_was_damaged_is_refused_in_one_line(change, told, written):
    path = written(vgg())
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(DataError, match=told) as error:
        read_nir(path)
    assert "\n" not in str(error.value)


def test_other_files_are_refused(tmp_path, written):
    import nir as library

    library.write(tmp_path / "a.nir", library.NIRGraph.from_list(library.IF(*np.ones((2, 3)))))
    with pytest.raises(DataError, match="not of tssd"):
        read_nir(tmp_path / "a.nir")
    (tmp_path / "b.nir").write_bytes(b"GIF89a")
    with pytest.raises(DataError, match=r"b\.nir: damaged, or not NIR"):
        read_nir(tmp_path / "b.nir")
    with pytest.raises(DataError, match=r"c\.nir: no such file"):
        read_nir(tmp_path / "c.nir")
    whole = written(vgg()).read_bytes()
    (tmp_path / "d.nir").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged"):
        read_nir(tmp_path / "d.nir")
