from pathlib import Path

import pytest

from tssd.atomic import write_atomically
from tssd.earlier import with_later_options
from tssd.errors import DataError, UsageError
from tssd.runs.files import OBJECTS
from tssd.runs.folder import RunFolder

CONFIG = with_later_options(
    {
        "seed": 0,
        "data": {"class_path": "tssd.data.Digits", "init_args": {"root": None, "batch_size": 8}},
        "trainer": {"epochs": 2, "progress": True},
    }
)


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
    with pytest.raises(
        UsageError, match="continue it with `tssd train .* --resume` or .* --output"
    ):
        run.create(CONFIG | {"seed": 1}, resume=False)
    assert run.config.read_bytes() == before
    run.write_config(CONFIG | {"net": f"{OBJECTS}GivenNet"})  # no command continues it
    with pytest.raises(UsageError, match=r"fit\(.*, resume=True\)` or choose another folder$"):
        run.refuse_begun()


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
        changed("data", "cache", True),  # which earlier versions did not have
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


def test_resuming_leaves_what_another_process_writes_and_folders(tmp_path):
    run = RunFolder(tmp_path)
    run.create(CONFIG, resume=False)
    of_export = run.path / "exported" / ".onnx.77.partial"  # killed, or under way
    of_export.mkdir(parents=True)

    def write(temporary):
        temporary.write_text("{}")
        run.create(CONFIG, resume=True)

    write_atomically(run.evaluation, write)
    assert run.evaluation.read_text() == "{}"
    assert of_export.is_dir()


@pytest.mark.parametrize("content", ["", "- a\n", "{", "\x00"])
def test_damaged_configuration(tmp_path, content):
    run = RunFolder(tmp_path)
    run.config.write_text(content)
    with pytest.raises(DataError, match=r"config\.yaml: damaged"):
        run.create(CONFIG, resume=True)


def test_opening_what_is_not_a_run(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        RunFolder.open(tmp_path / "missing")
    with pytest.raises(DataError, match=r"it has no config\.yaml\)$"):
        RunFolder.open(tmp_path)


def test_the_run_beside_what_was_named_is_told(tmp_path):
    run = RunFolder(tmp_path / "tssd" / "seed0")
    run.checkpoints.mkdir(parents=True)
    run.write_config(CONFIG)
    for file in (run.config, run.checkpoints / "last.ckpt"):
        file.touch()
        with pytest.raises(DataError, match=r"a file, .*; did you mean \S+seed0\?$"):
            RunFolder.open(file)
    with pytest.raises(DataError, match=r"config\.yaml\); did you mean \S+seed0\?$"):
        RunFolder.open(tmp_path / "tssd")
    (tmp_path / "note.txt").touch()
    with pytest.raises(DataError, match="a file, expected the folder of a run$"):
        RunFolder.open(tmp_path / "note.txt")


def test_the_run_of_a_recipe_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = RunFolder(Path("runs/digits/tssd/seed3"))
    run.path.mkdir(parents=True)
    run.write_config(CONFIG)
    with pytest.raises(DataError, match=r"has made; did you mean runs/digits/tssd/seed3\?$"):
        RunFolder.open("digits/tssd")
    for other in ("digits/vanilla_ts", tmp_path / "missing"):
        with pytest.raises(DataError, match="has made$"):
            RunFolder.open(other)


@pytest.mark.parametrize(("content", "found"), [(None, "no results yet"), ("{", "damaged")])
def test_results_that_cannot_be_read(tmp_path, content, found):
    if content is not None:
        RunFolder(tmp_path).results.write_text(content)
    with pytest.raises(DataError, match=f"{found}.*--resume"):
        RunFolder(tmp_path).read_results()


@pytest.mark.parametrize("content", ["{" * 10_000, "a: " * 10_000, '{"a": ' * 10_000])
def test_files_nested_too_deep_are_one_line(tmp_path, content):
    run = RunFolder(tmp_path)
    run.config.write_text(content)
    run.results.write_text(content)
    for read in (run.read_config, run.read_results):
        with pytest.raises(DataError, match="damaged") as error:
            read()
        assert "\n" not in str(error.value)


def test_kept_epochs_are_found_in_their_order(tmp_path):
    run = RunFolder(tmp_path)
    assert run.kept_epochs() == []
    run.checkpoints.mkdir()
    for name in ("epoch10.ckpt", "epoch2.ckpt", "epochs.ckpt", "last.ckpt"):
        (run.checkpoints / name).touch()
    assert run.kept_epochs() == [2, 10]
    assert run.kept(10).exists()


@pytest.mark.parametrize(
    ("now", "schedule", "remedy"),
    [
        ({"epochs": 5}, "Cosine", r"tssd\.fit\(\.\.\., resume=True\) changes that, or choose"),
        ({"epochs": 5}, "GivenScheduler", "resume=True. changes that, unless its schedule is a fu"),
        ({"accumulate": 2}, "Cosine", "give tssd.fit what the run was trained with, or choose ano"),
    ],
)
def test_a_run_of_objects_is_told_what_can_be_done_from_python(tmp_path, now, schedule, remedy):
    config = {
        "data": {"class_path": "tssd.fitting.record.GivenData"},
        "schedule": {"class_path": f"tssd.fitting.record.{schedule}"},
        "trainer": {"epochs": 3, "accumulate": 1},
    }
    run = RunFolder(tmp_path / "run")
    run.create(config, resume=False)
    other = run.read_config()
    other["trainer"] |= now
    with pytest.raises(UsageError, match=remedy) as caught:
        run.create(other, resume=True)
    assert "tssd train" not in str(caught.value)
