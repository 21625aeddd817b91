import pytest
import torch

from tssd.errors import DataError
from tssd.training.checkpoint import AtomicCheckpointIO, load_checkpoint, restore
from tssd.training.run_folder import RunFolder

CHECKPOINT = {"epoch": 0, "state_dict": {}, "optimizer_states": [], "loops": {}, "callbacks": {}}


def test_checkpoints_of_a_run_hold_tensors_and_plain_values(finished):
    run = RunFolder(finished)
    for path, epoch in ((run.best, 3), (run.last, 6)):
        checkpoint = torch.load(path, weights_only=True)
        assert checkpoint["epoch"] == epoch
        assert AtomicCheckpointIO().load_checkpoint(path).keys() == checkpoint.keys()


def test_weights_are_restored_and_those_of_another_network_refused(tmp_path):
    path, saved, net = tmp_path / "last.ckpt", torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    torch.save(CHECKPOINT | {"epoch": 4, "state_dict": saved.state_dict()}, path)
    assert restore(path, net)["epoch"] == 4
    assert torch.equal(net.weight, saved.weight)
    with pytest.raises(
        DataError, match=r"last\.ckpt: weight has shape \[3, 2\], expected \[4, 2\]"
    ):
        restore(path, torch.nn.Linear(2, 4))


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
