"""A disk that fills up: the operating system refuses files above a limit, so writes really fail."""

import shutil

import pytest

from forked import needs_fork
from tssd.errors import DataError
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.training.fit import fit

from .processes import output, train
from .runs import RUINED, is_same, small, table, weights

resource = pytest.importorskip("resource", reason="needs limits on the size of files")


def limit(size):
    # Python ignores the signal that goes with it, so that the write itself fails.
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@needs_fork
def test_full_disk_keeps_the_previous_checkpoint(finished, interrupted, copied):
    run = RunFolder(copied(interrupted))
    before = {path: path.read_bytes() for path in (run.last, run.best)}
    process = train(run.path, RUINED, sabotage=limit(run.last.stat().st_size // 2))
    process.join()
    assert process.exitcode == 1
    assert "last.ckpt: cannot be written (File too large)" in output(run.path)
    assert "Traceback" not in output(run.path)
    assert before == {path: path.read_bytes() for path in (run.last, run.best)}
    assert not list(run.path.rglob(".*.partial"))
    assert load_checkpoint(run.last)["epoch"] == 4

    fit(small(RUINED), run.path, resume=True)
    assert is_same(weights(run.path), weights(finished))
    assert table(run.path) == table(finished)


@needs_fork
def test_disk_that_is_full_from_the_beginning(tmp_path):
    process = train(tmp_path / "run", RUINED, sabotage=limit(1000))
    process.join()
    assert process.exitcode == 1
    assert "config.yaml: cannot be written (File too large)" in output(tmp_path / "run")
    assert not list((tmp_path / "run").iterdir())


def test_log_that_cannot_be_written(interrupted, copied):
    folder = copied(interrupted)
    shutil.rmtree(folder / "tensorboard")
    (folder / "tensorboard").write_text("a file where a folder belongs")
    with pytest.raises(DataError, match=r"tensorboard'; check space and permissions"):
        fit(small(RUINED), folder, resume=True)
