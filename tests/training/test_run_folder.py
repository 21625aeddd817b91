import pytest
import torch
import yaml
from torch import nn

from tssd.errors import DataError, UsageError
from tssd.training.run_folder import (
    RunFolder,
    check_weights,
    first_difference,
    load_weights,
    save_weights,
)

CONFIG = {
    "seed": 0,
    "data": {"class_path": "tssd.data.Digits", "init_args": {"root": None, "batch_size": 8}},
    "trainer": {"epochs": 2, "progress": True},
}


def changed(section, name, value):
    node = CONFIG[section]
    if "init_args" in node:
        return CONFIG | {section: node | {"init_args": node["init_args"] | {name: value}}}
    return CONFIG | {section: node | {name: value}}


@pytest.mark.parametrize("exists", [False, True])
def test_new_run_starts_with_its_configuration(tmp_path, exists):
    run = RunFolder(tmp_path / "run")
    if exists:
        run.path.mkdir()
    run.create(CONFIG, resume=False)
    assert [path.name for path in run.path.iterdir()] == ["config.yaml"]
    assert run.read_config() == CONFIG
    assert RunFolder.open(run.path) == run


def test_folder_whose_first_write_was_killed_counts_as_empty(tmp_path):
    (tmp_path / ".config.yaml.77.partial").write_text("half")
    RunFolder(tmp_path).create(CONFIG, resume=False)
    assert RunFolder(tmp_path).read_config() == CONFIG


def test_existing_run_is_not_touched_without_resume(tmp_path):
    run = RunFolder(tmp_path)
    run.create(CONFIG, resume=False)
    before = run.config.read_bytes()
    with pytest.raises(UsageError, match="exists already; continue it with --resume"):
        run.create(CONFIG | {"seed": 1}, resume=False)
    assert run.config.read_bytes() == before


@pytest.mark.parametrize("resume", [False, True])
def test_folder_that_is_not_a_run_is_not_touched(tmp_path, resume):
    (tmp_path / "thesis.tex").write_text("do not lose")
    with pytest.raises(DataError, match="neither empty nor a run folder"):
        RunFolder(tmp_path).create(CONFIG, resume=resume)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_file_instead_of_a_folder(tmp_path):
    (tmp_path / "run").write_text("do not lose")
    with pytest.raises(DataError, match="a file, expected a folder"):
        RunFolder(tmp_path / "run").create(CONFIG, resume=False)
    with pytest.raises(DataError, match="cannot be written"):
        RunFolder(tmp_path / "run" / "below").create(CONFIG, resume=False)
    assert (tmp_path / "run").read_text() == "do not lose"


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (CONFIG | {"seed": 1}, "the run has seed = 0, now it is 1"),
        (changed("data", "batch_size", 9), "the run has data.batch_size = 8, now it is 9"),
        (changed("trainer", "epochs", 3), "the run has trainer.epochs = 2, now it is 3"),
        (changed("trainer", "threads", 1), "the run has trainer.threads = None, now it is 1"),
    ],
)
def test_resuming_with_another_configuration_names_the_difference(tmp_path, now, named):
    run = RunFolder(tmp_path)
    run.create(CONFIG, resume=True)
    with pytest.raises(UsageError, match=named):
        run.create(now, resume=True)
    assert run.read_config() == CONFIG


@pytest.mark.parametrize(
    "now",
    [
        changed("trainer", "progress", False),
        changed("data", "root", "elsewhere"),
        changed("data", "num_workers", 2),
    ],
)
def test_what_does_not_change_training_may_change_on_resuming(tmp_path, now):
    run = RunFolder(tmp_path)
    run.create(CONFIG, resume=True)
    run.create(now, resume=True)


def test_resuming_clears_what_killed_writes_left(tmp_path):
    run = RunFolder(tmp_path)
    run.create(CONFIG, resume=False)
    run.checkpoints.mkdir()
    (run.checkpoints / ".last.ckpt.77.partial").write_text("half")
    run.last.write_text("whole")
    run.create(CONFIG, resume=True)
    assert list(run.checkpoints.iterdir()) == [run.last]


@pytest.mark.parametrize("content", ["", "- a\n", "{", "\x00"])
def test_damaged_configuration(tmp_path, content):
    run = RunFolder(tmp_path)
    run.config.write_text(content)
    with pytest.raises(DataError, match=r"config\.yaml: damaged"):
        run.create(CONFIG, resume=True)


def test_opening_what_is_not_a_run(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        RunFolder.open(tmp_path / "missing")
    with pytest.raises(DataError, match=r"it has no config\.yaml"):
        RunFolder.open(tmp_path)


@pytest.mark.parametrize(("content", "found"), [(None, "no results yet"), ("{", "damaged")])
def test_results_that_cannot_be_read(tmp_path, content, found):
    if content is not None:
        RunFolder(tmp_path).results.write_text(content)
    with pytest.raises(DataError, match=f"{found}.*--resume"):
        RunFolder(tmp_path).read_results()


def test_first_difference_is_the_deepest_name():
    assert first_difference(CONFIG, yaml.safe_load(yaml.safe_dump(CONFIG))) is None
    before, now = {"a": {"b": [1, 2], "c": 1}}, {"a": {"b": [1, 3], "c": 2}}
    assert first_difference(before, now) == ("a.b", [1, 2], [1, 3])
    assert first_difference({}, {"objective": {"weight": 1}}) == ("objective", None, {"weight": 1})


def test_weights_come_back_bit_equal(tmp_path):
    net, other = nn.Linear(3, 2), nn.Linear(3, 2)
    save_weights(tmp_path / "w.safetensors", net)
    load_weights(tmp_path / "w.safetensors", other)
    assert torch.equal(net.weight, other.weight)
    assert torch.equal(net.bias, other.bias)


def test_tied_and_strided_weights_are_saved(tmp_path):
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    net[0].bias = nn.Parameter(torch.arange(6.0)[::2])
    save_weights(tmp_path / "w.safetensors", net)
    again = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    load_weights(tmp_path / "w.safetensors", again)
    assert torch.equal(again[1].weight, net[0].weight)
    assert again[0].bias.tolist() == [0, 2, 4]


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"\x08" + bytes(30)])
def test_weights_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"w\.safetensors: (no such file|damaged)"):
        load_weights(path, nn.Linear(3, 2))


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (nn.Linear(4, 2), r"weight has shape \[2, 4\], expected \[2, 3\]"),
        (nn.Linear(3, 2, bias=False), "bias is missing"),
        (
            nn.ParameterDict({**nn.Linear(3, 2).state_dict(), "z": torch.ones(1)}),
            "z is not part of",
        ),
    ],
)
def test_weights_of_another_network_name_the_first_mismatch(other, found):
    with pytest.raises(DataError, match=f"^a file: {found}.*; these weights belong to another"):
        check_weights("a file", nn.Linear(3, 2), other.state_dict())


def test_weights_of_another_kind_are_not_converted_silently():
    weights = {"weight": torch.ones(2, 3, dtype=torch.int8), "bias": torch.zeros(2)}
    with pytest.raises(DataError, match=r"weight is torch\.int8, expected torch\.float32"):
        check_weights("a file", nn.Linear(3, 2), weights)
    double = nn.Linear(3, 2).double().state_dict()
    check_weights("a file", nn.Linear(3, 2), double)


@pytest.mark.parametrize("content", ["{" * 10_000, "a: " * 10_000, '{"a": ' * 10_000])
def test_files_nested_too_deep_are_one_line(tmp_path, content):
    run = RunFolder(tmp_path)
    run.config.write_text(content)
    run.results.write_text(content)
    for read in (run.read_config, run.read_results):
        with pytest.raises(DataError, match="damaged") as error:
            read()
        assert "\n" not in str(error.value)
