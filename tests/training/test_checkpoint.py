from pathlib import Path

import pytest
import torch

from tssd.errors import DataError
from tssd.training.checkpoint import AtomicCheckpointIO, load_checkpoint, write_atomically
from tssd.training.run_folder import RunFolder

FULL = Path("/dev/full")
CHECKPOINT = {"epoch": 0, "state_dict": {}, "optimizer_states": [], "loops": {}, "callbacks": {}}


def test_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_atomically(path, lambda temporary: temporary.write_text("new"))
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "save", [lambda file: file.write(bytes(99)), lambda file: torch.save(torch.zeros(9999), file)]
)
def test_full_disk_leaves_the_previous_file(tmp_path, save):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("half")
        with FULL.open("wb") as file:
            save(file)

    with pytest.raises(DataError, match=r"a\.txt: cannot be written \(No space left on device\)"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("a mistake")])
def test_any_other_failure_is_passed_on(tmp_path, error):
    path = tmp_path / "a.txt"

    def fail(temporary):
        temporary.write_text("half")
        raise error

    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        write_atomically(path, fail)
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_atomically(tmp_path / "a" / "b.txt", lambda temporary: temporary.write_text(""))


def test_checkpoints_of_a_run_hold_tensors_and_plain_values(finished):
    run = RunFolder(finished)
    for path, epoch in ((run.best, 3), (run.last, 6)):
        checkpoint = torch.load(path, weights_only=True)
        assert checkpoint["epoch"] == epoch
        assert AtomicCheckpointIO().load_checkpoint(path).keys() == checkpoint.keys()


def test_missing_checkpoint(tmp_path):
    with pytest.raises(DataError, match=r"last\.ckpt: no checkpoint"):
        load_checkpoint(tmp_path / "last.ckpt")


class Evil:
    def __reduce__(self):
        return print, ("run on loading",)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (CHECKPOINT | {"callbacks": Evil()}, "damaged or truncated"),
        ({"state_dict": {}}, "not a checkpoint of training"),
        ([1, 2], "not a checkpoint of training"),
    ],
)
def test_files_that_are_something_else(tmp_path, capsys, content, found):
    path = tmp_path / "last.ckpt"
    torch.save(content, path)
    with pytest.raises(DataError, match=rf"last\.ckpt: {found}.*copy of best\.ckpt") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("size", [0, 1, 1000, -1])
def test_truncated_checkpoint(finished, tmp_path, size):
    path = tmp_path / "last.ckpt"
    path.write_bytes(RunFolder(finished).last.read_bytes()[:size])
    with pytest.raises(DataError, match="damaged or truncated"):
        load_checkpoint(path)


def test_garbage_checkpoint(tmp_path):
    path = tmp_path / "last.ckpt"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(DataError, match="damaged or truncated"):
        load_checkpoint(path)
