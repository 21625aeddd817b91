import json
import os
import shutil
import zipfile

import pytest
import torch
from safetensors.torch import load_file

from tssd.errors import DataError
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint, restore, saved_weights

CHECKPOINT = {"epoch": 0, "state_dict": {}, "optimizer_states": [], "loops": {}, "callbacks": {}}


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
        (CHECKPOINT | {"epoch": "0"}, "not a checkpoint of training (epoch is '0')"),
        (CHECKPOINT | {"epoch": -1}, "not a checkpoint of training (epoch is -1)"),
        (CHECKPOINT | {"epoch": True}, "not a checkpoint of training (epoch is True)"),
        (CHECKPOINT | {"state_dict": []}, "not a checkpoint of training"),
        (CHECKPOINT | {"state_dict": {"w": 1}}, "not a checkpoint of training ('w' is a int)"),
        (CHECKPOINT | {"state_dict": {1: torch.ones(1)}}, "not a checkpoint of training (1 is a"),
        (CHECKPOINT | {"loops": None}, "not a checkpoint of training"),
    ],
)
def test_files_that_are_something_else(tmp_path, capsys, content, found):
    path = tmp_path / "last.ckpt"
    torch.save(content, path)
    with pytest.raises(DataError, match=r"copy of best\.ckpt") as caught:
        load_checkpoint(path)
    assert f"last.ckpt: {found}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("size", [0, 1, 1000, -1])
def test_truncated_checkpoint(finished, tmp_path, size):
    path = tmp_path / "last.ckpt"
    path.write_bytes(RunFolder(finished).last.read_bytes()[:size])
    with pytest.raises(DataError, match="damaged or truncated"):
        load_checkpoint(path)


@pytest.fixture
def of_ones(tmp_path):
    """A checkpoint, and where in the file the bytes of its largest tensor are."""
    path = tmp_path / "last.ckpt"
    torch.save(CHECKPOINT | {"state_dict": {"weight": torch.ones(1000)}}, path)
    return path, path.read_bytes().index(torch.ones(1000).numpy().tobytes())


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_a_byte_of_a_tensor_that_has_changed_is_noticed(of_ones):
    path, start = of_ones
    assert load_checkpoint(path)["state_dict"]["weight"].sum() == 1000
    flip(path, start + 2002)
    with pytest.raises(DataError) as caught:
        load_checkpoint(path)
    assert str(caught.value) == (
        f"{path}: damaged or truncated (the checksum of last/data/0 does not fit its content); put "
        "a copy of best.ckpt in its place, or train into another --output"
    )


def test_a_checkpoint_without_checksums_is_read(of_ones):
    path, _ = of_ones
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(CHECKPOINT, path)
    finally:
        torch.serialization.set_crc32_options(True)
    with zipfile.ZipFile(path) as records:
        assert records.testzip() is not None
    assert load_checkpoint(path) == CHECKPOINT


def test_garbage_checkpoint(tmp_path):
    path = tmp_path / "last.ckpt"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(DataError, match="damaged or truncated"):
        load_checkpoint(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "last.ckpt")
    with pytest.raises(DataError, match="it is no file"):
        load_checkpoint(tmp_path / "last.ckpt")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path, value):
    path, net = tmp_path / "last.ckpt", torch.nn.Linear(2, 2)
    weights = {"weight": torch.full((2, 2), value), "bias": torch.zeros(2)}
    torch.save(CHECKPOINT | {"state_dict": weights}, path)
    with pytest.raises(DataError, match=r"last\.ckpt: weight holds NaN or infinity"):
        restore(path, net)
    assert net.weight.isfinite().all()


@pytest.fixture
def run(finished, tmp_path):
    """A copy of a run of 7 epochs, the 4th of them the best, that may be changed."""
    return RunFolder(shutil.copytree(finished, tmp_path / "run"))


def is_same(tensors, path, prefix):
    other = torch.load(path, weights_only=True)["state_dict"]
    other = {k.removeprefix(prefix): v for k, v in other.items() if k.startswith(prefix)}
    return tensors.keys() == other.keys() and all(
        torch.equal(tensors[name], other[name]) for name in other
    )


def test_a_finished_run_has_its_exported_weights(run):
    found = saved_weights(run)
    assert (found.source, found.unfinished) == (run.weights, None)
    counts = run.read_results().selected
    assert found.epoch == {"best": 4, "last": 7}[counts]
    expected = load_file(run.weights)
    assert all(torch.equal(found.net[name], expected[name]) for name in expected)
    assert found.exits.keys() == load_file(run.exits).keys()


@pytest.mark.parametrize(("epoch", "number"), [("best", 4), ("last", 7)])
def test_the_epoch_can_be_chosen(run, epoch, number):
    found = saved_weights(run, epoch)
    path = {"best": run.best, "last": run.last}[epoch]
    assert (found.source, found.epoch, found.unfinished) == (path, number, None)
    assert is_same(found.net, path, "net.")
    assert is_same(found.exits, path, "criterion.")


def unfinished(run):
    for file in (run.results, run.weights, run.exits):
        file.unlink()


def test_an_unfinished_run_has_its_last_epoch(run):
    unfinished(run)
    found = saved_weights(run)
    assert (found.source, found.epoch) == (run.last, 7)
    assert found.unfinished == "epoch 7 of 7"
    found = saved_weights(run, "best")
    assert (found.source, found.epoch, found.unfinished) == (run.best, 4, "epoch 7 of 7")
    run.last.unlink()
    found = saved_weights(run)
    assert (found.source, found.epoch, found.unfinished) == (run.best, 4, "epoch 4 of 7")


def test_weights_without_results_are_taken_where_no_checkpoint_is_better(run):
    run.results.unlink()
    assert (saved_weights(run).source, saved_weights(run).epoch) == (run.last, 7)
    run.last.unlink()
    assert (saved_weights(run).source, saved_weights(run).epoch) == (run.best, 4)
    run.best.unlink()
    found = saved_weights(run)
    assert (found.source, found.epoch) == (run.weights, None)
    assert found.unfinished == "epoch unknown of 7"


def test_a_run_that_is_continued_is_unfinished_again(run):
    text = run.config.read_text()
    assert "epochs: 7" in text
    run.config.write_text(text.replace("epochs: 7", "epochs: 9"))
    assert saved_weights(run).unfinished == "epoch 7 of 9"


def test_where_no_such_epoch_is_left(run):
    shutil.rmtree(run.checkpoints)
    results = run.read_results()
    counts, other = ("best", "last") if results.selected == "best" else ("last", "best")
    assert saved_weights(run, counts).source == run.weights
    with pytest.raises(DataError, match=f"no checkpoint of the {other} epoch is left"):
        saved_weights(run, other)
    # Without validation samples the last epoch stands for the best.
    run.results.write_text(json.dumps(results.to_dict() | {"split_sizes": {"val": 0}}))
    assert saved_weights(run, other).source == run.weights
    unfinished(run)
    with pytest.raises(DataError, match="no trained network in it yet; finish the run with"):
        saved_weights(run)


@pytest.mark.parametrize("name", ["weights", "exits"])
def test_a_byte_of_exported_weights_that_has_changed_is_noticed(run, name):
    path = getattr(run, name)
    flip(path, -1)
    with pytest.raises(DataError) as caught:
        saved_weights(run)
    assert str(caught.value) == (
        f"{path}: damaged or not safetensors (its SHA-256 is not the one in results.json); train "
        "again or restore the file"
    )
    # A run of an earlier version says nothing of it.
    content = json.loads(run.results.read_text())
    del content["sha256"]
    run.results.write_text(json.dumps(content))
    assert saved_weights(run).source == run.weights


def test_weights_of_a_longer_run_whose_results_are_not_there_yet_are_read(run):
    run.config.write_text(run.config.read_text().replace("epochs: 7", "epochs: 9"))
    flip(run.weights, -1)
    assert saved_weights(run).source == run.weights


def test_results_that_are_damaged_are_named(run):
    run.results.write_text('{"a": ' * 10_000)
    with pytest.raises(DataError, match=r"results\.json: damaged .*; delete it and --resume"):
        saved_weights(run)
