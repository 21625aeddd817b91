import h5py
import numpy as np
import pytest
import torch

from tssd.errors import DataError, UsageError
from tssd.exporting import nir
from tssd.exporting.nir_running import run_nir
from tssd.exporting.request import Request

from .nir_networks import change_metadata, expected, frames, residual, vgg

pytest.importorskip("nir", reason="needs the extra: pip install tssd[nir]")
pytest.importorskip("nirtorch", reason="needs the extra: pip install tssd[nir]")

RECORDED = Request(4, "float32", None, soft_reset="recorded")


@pytest.mark.parametrize(
    "graph", [vgg(), vgg(reset="soft"), residual()], ids=["hard", "soft", "res"]
)
def test_spikes_and_logits_are_those_of_the_network(graph, tmp_path):
    nir.write(tmp_path, graph, {}, RECORDED)
    logits, spikes = expected(graph, frames())
    found = run_nir(tmp_path / nir.FILE, frames())
    assert found.spikes.keys() == spikes.keys()
    for name, seen in spikes.items():
        assert 0.02 < seen.mean() < 0.98, name
        assert torch.equal(found.spikes[name], seen), name
    torch.testing.assert_close(found.logits, logits, rtol=0, atol=1e-6)


def test_what_nir_alone_says_is_run_without_our_metadata(tmp_path):
    import nir as library

    two = np.full(1, 2.0)
    made = library.NIRGraph.from_list(
        library.LIF(tau=two * 1e-4, r=two, v_leak=0 * two, v_threshold=two / 2, v_reset=two / 8)
    )
    library.write(tmp_path / "a.nir", made)
    found = run_nir(tmp_path / "a.nir", torch.tensor([1.0, 0.5, 0.7]).view(3, 1, 1))
    # v: 1.0 does not exceed 1; 0.5 * 1.0 + 0.5 neither; 0.5 * 1.0 + 0.7 does.
    assert found.logits.flatten().tolist() == [0, 0, 1]


def test_nodes_that_are_not_known_are_refused(tmp_path):
    import nir as library

    library.write(tmp_path / "a.nir", library.NIRGraph.from_list(library.Threshold(np.ones(1))))
    with pytest.raises(UsageError, match=r"a\.nir: can't be run here .*Threshold"):
        run_nir(tmp_path / "a.nir", torch.zeros(1, 1, 1))


@pytest.mark.parametrize("nodes", [3, [3], [{"name": "a", "op": "lif"}]])
def test_what_was_damaged_is_refused_in_one_line(nodes, tmp_path):
    nir.write(tmp_path, vgg(), {}, RECORDED)
    with h5py.File(tmp_path / nir.FILE, "r+") as file:
        change_metadata(file, nodes=nodes)
    with pytest.raises(DataError, match=r"network\.nir: damaged, or not NIR"):
        run_nir(tmp_path / nir.FILE, frames())


def test_a_file_that_is_missing_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        run_nir(tmp_path / "a.nir", frames())
