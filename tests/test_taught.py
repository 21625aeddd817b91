"""One command trains a teacher, then its student; the next student finds the teacher."""

import contextlib
import io
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import tssd.taught
from training.runs import is_same, stopped, table
from tssd.cli import main
from tssd.config import build, load_recipe
from tssd.data import Digits
from tssd.dry_run.needs import needs_of
from tssd.dry_run.shapes import data_shape
from tssd.errors import DataError, UsageError
from tssd.many_runs.here import train
from tssd.many_runs.planned import PlannedRun
from tssd.report import Comparison
from tssd.report.collection import collect
from tssd.report.html import comparison_results
from tssd.report.html.methods import Methods
from tssd.runs.folder import RunFolder
from tssd.runs.folder_names import hashed_name
from tssd.taught import prepared, teacher_folder
from tssd.training.fit import fit


def options(tiny, **more):
    return [*{**dict(tiny), "trainer.epochs": "2", "data.batch_size": "25", **more}.items()]


def student(name, tiny, folder, **more):
    config = load_recipe(name, options(tiny, **more))
    return config, build(config), folder


def weights(folder):
    from safetensors.torch import load_file

    return load_file(RunFolder(folder).weights)


@pytest.fixture(scope="module")
def trained_by_one_command(tiny, tmp_path_factory):
    """The folder of all runs, of one student, and what the command has printed."""
    runs, printed = tmp_path_factory.mktemp("taught") / "runs", io.StringIO()
    folder = runs / "kdsnn" / "seed0"
    words = [f"--{name}={value}" for name, value in options(tiny)]
    with contextlib.redirect_stdout(printed):
        assert main(["train", "digits+vgg9+kdsnn", *words, f"--output={folder}"]) == 0
    return runs, folder, printed.getvalue()


# All methods with a teacher at once, with TSSD, and the terms that ask it.
EVERY = "bkdsnn+default_kd+kdsnn+kdsnn_feature+lasnn+sealkd+tdd+tssd"
ASKING = ["bkdsnn", "bkdsnn_feature", "kdsnn", "kdsnn_feature", "lasnn", "sealkd", "tdd_teacher"]


@pytest.fixture(scope="module")
def second(trained_by_one_command, tiny):
    """A student of them all, whose terms have the same teacher."""
    runs, _, _ = trained_by_one_command
    before = tssd.taught.fit
    tssd.taught.fit = None  # nobody trains a teacher again
    try:
        name = f"digits+vgg9+{EVERY}"
        return train(PlannedRun(name, 0, runs / "every" / "seed0", tuple(options(tiny))))
    finally:
        tssd.taught.fit = before


def test_the_teacher_is_a_run_beside_the_runs_and_the_student_names_it(trained_by_one_command):
    runs, folder, printed = trained_by_one_command
    (teacher,) = (runs / ".teachers").glob("*/seed0")
    assert teacher.parent.name.startswith("digits-vgg9-ann~")
    config = RunFolder(teacher).read_config()
    assert config["net"]["init_args"]["neuron"]["class_path"] == "torch.nn.ReLU"
    assert config["timesteps"] == {"student": 1, "teacher": 1}
    term = yaml.safe_load((folder / "config.yaml").read_text())["objectives"]["kdsnn"]["init_args"]
    assert term["teacher"] == {
        "class_path": "tssd.Teacher",
        "init_args": {"run": str(teacher), "epoch": None, "timesteps": None, "trust": []},
    }
    own = RunFolder(teacher).read_results()
    line = next(line for line in printed.splitlines() if line.startswith("teacher "))
    assert line.startswith(f"teacher kdsnn.teacher, {teacher}: {100 * own.last.accuracy[0]:.2f} %")


def test_what_the_teacher_took_is_in_the_results(trained_by_one_command):
    runs, folder, _ = trained_by_one_command
    (teacher,) = (runs / ".teachers").glob("*/seed0")
    own, results = RunFolder(teacher).read_results(), RunFolder(folder).read_results()
    (cost,) = results.training.teachers.values()
    assert (cost.run, cost.network_steps) == (str(teacher), 1)
    assert (cost.operations, cost.seconds) == (own.training.operations, own.training.seconds)
    # One forward pass where the training has three, for as many samples.
    assert cost.answers == pytest.approx(own.training.operations / 3)
    assert results.training.of_teachers == replace(cost, accuracy=None)


def test_another_student_finds_it_and_counts_it_once(trained_by_one_command, second):
    _, folder, _ = trained_by_one_command
    first = RunFolder(folder).read_results().training.of_teachers
    assert sorted(second.training.teachers) == [f"{name}.teacher" for name in ASKING]
    both = second.training.of_teachers
    assert (both.run, both.operations) == (first.run, first.operations)
    assert both.answers == pytest.approx(len(ASKING) * first.answers)


def test_every_term_takes_part_and_nothing_of_them_is_exported(trained_by_one_command, second):
    runs, folder, _ = trained_by_one_command
    rows = table(runs / "every" / "seed0")
    terms = {name.removeprefix("train/") for name in rows[0] if name.startswith("train/")}
    assert {*ASKING, "default_kd", "sealkd_steps", "tdd_self", "temporal", "spatial"} <= terms
    assert all(row[f"train/{name}"] > 0 for row in rows for name in terms)
    assert weights(runs / "every" / "seed0").keys() == weights(folder).keys()


def test_reports_have_students_and_what_their_teachers_took(trained_by_one_command, second):
    runs, _, _ = trained_by_one_command
    collection = collect(runs)
    assert list(collection.methods) == ["every", "kdsnn"] and not collection.left_out
    methods = Methods.of(collection, reference=None, epoch=None)
    page = comparison_results.costs(methods)
    assert "Teachers: what their training took" in page
    rows = Comparison.of({"a": [second]}).to_dict()["rows"]
    assert rows[0]["teachers"]["answers"] == second.training.of_teachers.answers


def test_an_interrupted_teacher_is_continued_and_is_the_same(
    trained_by_one_command, tiny, tmp_path, monkeypatch
):
    runs, _, _ = trained_by_one_command
    (teacher,) = (runs / ".teachers").glob("*/seed0")
    asked = student("digits+vgg9+kdsnn", tiny, tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(tssd.taught, "fit", lambda p, *a, **o: fit(stopped(p, step=2), *a, **o))
        with pytest.raises(KeyboardInterrupt):
            prepared(*asked)
    assert not (tmp_path / "run").exists()
    prepared(*asked)
    (again,) = (tmp_path / ".teachers").glob("*/seed0")
    assert again.parent.name == teacher.parent.name
    assert is_same(weights(again), weights(teacher))


def test_nothing_is_trained_for_a_run_that_is_there_or_for_a_student_that_is_wrong(
    trained_by_one_command, tiny, tmp_path, monkeypatch
):
    _, folder, _ = trained_by_one_command
    monkeypatch.setattr(tssd.taught, "fit", None)
    again = student("digits+vgg9+kdsnn", tiny, folder)
    assert RunFolder(folder).read_results() == fit(prepared(*again), folder, resume=True)
    begun = shutil.copytree(folder, tmp_path / "begun")
    (begun / "results.json").unlink()
    other = student("digits+vgg9+kdsnn", tiny, begun, **{"optimizer.lr": "0.3"})
    with pytest.raises(
        UsageError, match="exists already; continue it with `tssd train .* --resume` or"
    ):
        prepared(*other)
    wrong = student("digits+vgg9+kdsnn", tiny, tmp_path / "run")
    wrong[0]["objectives"]["kdsnn"]["init_args"]["teacher"]["init_args"]["recipe"] = "an"
    with pytest.raises(UsageError, match=r"^objectives.kdsnn.teacher.recipe: 'an' in 'an' is no n"):
        prepared(wrong[0], build(wrong[0]), tmp_path / "run")
    assert not (tmp_path / "run").exists() and not (tmp_path / ".teachers").exists()


def test_a_run_that_is_named_is_taken_and_has_to_be_there(trained_by_one_command, tiny, tmp_path):
    runs, _, _ = trained_by_one_command
    (teacher,) = (runs / ".teachers").glob("*/seed0")
    named = {"objectives.kdsnn.teacher.run": str(teacher)}
    config, parts, folder = student("digits+vgg9+kdsnn", tiny, tmp_path / "run", **named)
    assert prepared(config, parts, folder) is parts
    named = {"objectives.kdsnn.teacher.run": "no/such/run"}
    asked = student("digits+vgg9+kdsnn", tiny, tmp_path / "run", **named)
    with pytest.raises(DataError, match=r"^objectives.kdsnn.teacher.run: no/such/run: no such fol"):
        fit(prepared(*asked), tmp_path / "run")


def test_without_the_command_it_is_said_that_it_is_not_trained(tiny, tmp_path):
    _, parts, folder = student("digits+vgg9+kdsnn", tiny, tmp_path / "run")
    with pytest.raises(DataError, match=r"^objectives.kdsnn.teacher.recipe: ann is not trained ye"):
        fit(parts, folder)


def test_a_dry_run_measures_with_an_untrained_one_and_says_so(tiny, caplog):
    config = load_recipe("digits+vgg9+kdsnn", options(tiny))
    with caplog.at_level(logging.INFO, "tssd"):
        needs = needs_of(config, data_shape(config))
    assert needs.measured.step > 0
    assert "objectives.kdsnn.teacher: is trained before the student" in caplog.text


HASHES = {"split_hash": "abc", "content_hash": "def"}


def test_folders_differ_where_the_network_would():
    def folder(student="runs/a/seed0", data=HASHES, **changes):
        recipe = {"data": "x.Data", "net": {"class_path": "x.net"}, "trainer": {"epochs": 2}}
        return teacher_folder(Path(student), recipe | changes, "ann", 0, data)

    assert folder().parts[:2] == ("runs", ".teachers") and folder().name == "seed0"
    assert folder().parent.name.startswith("data-net-ann~")
    assert folder() == folder("runs/other/seed3") == folder("runs/own-output")
    alike = {"trainer": {"epochs": 2, "progress": False}, "description": "x", "seed": 5}
    assert folder(**alike) == folder()
    assert folder(trainer={"epochs": 3}) != folder()
    assert folder(trainer={"epochs": 2, "select": "best"}) != folder()
    assert folder(trainer={"epochs": 2, "select": "auto"}) == folder()
    assert folder(data=HASHES | {"content_hash": "other"}) != folder()


def test_a_folder_of_an_earlier_version_is_taken_if_it_is_of_the_same_data(tmp_path):
    recipe = {"data": "x.Data", "net": "x.net", "trainer": {"epochs": 2}}

    def folder(data=HASHES, **trainer):
        changed = recipe | {"trainer": {"epochs": 2} | trainer}
        return teacher_folder(tmp_path / "student", changed, "ann", 0, data)

    known = json.dumps(recipe, sort_keys=True, default=str)
    earlier = tmp_path / ".teachers" / hashed_name("Data-net-ann", known) / "seed0"
    assert folder() != earlier
    earlier.mkdir(parents=True)
    (earlier / "config.yaml").write_text("trainer: {epochs: 2, select: auto}\n")
    (earlier / "environment.json").write_text(json.dumps(HASHES))
    assert folder() == folder(select="auto") == earlier
    assert folder(select="best") != earlier
    assert folder(HASHES | {"content_hash": "other"}) != earlier
    shutil.rmtree(earlier)
    assert folder() != earlier
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "config.yaml").write_text(f"objectives: {{run: {earlier}}}\n")
    assert folder() == earlier


def test_students_of_other_data_have_another_teacher_and_one_that_is_continued_its_own(
    tiny, tmp_path, monkeypatch
):
    def teachers():
        return {path.parent.name for path in (tmp_path / ".teachers").glob("*/seed0")}

    asked = student("digits+vgg9+kdsnn", tiny, tmp_path / "a", **{"trainer.epochs": "1"})
    prepared(*asked)
    (first,) = teachers()
    monkeypatch.setattr(Digits, "content_hash", property(lambda data: "other"))
    other = student("digits+vgg9+kdsnn", tiny, tmp_path / "b", **{"trainer.epochs": "1"})
    prepared(*other)
    assert len(teachers()) == 2
    fit(prepared(*other), tmp_path / "b")
    monkeypatch.undo()
    other[0]["trainer"]["select"] = "last"  # which a run may be resumed with
    again = prepared(*other, resume=True)
    (second,) = teachers() - {first}
    assert f"{second}/seed0" in str(again.config["objectives"]["kdsnn"])
    with pytest.raises(DataError, match="the data has changed since this run began: what the sa"):
        (tmp_path / "b" / "results.json").unlink()
        fit(again, tmp_path / "b", resume=True)


def test_processes_that_somebody_starts_train_no_teacher(tiny, tmp_path, monkeypatch):
    config, parts, folder = student("digits+vgg9+kdsnn", tiny, tmp_path / "run")
    config["trainer"]["devices"] = 2
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="^objectives.kdsnn.teacher: is trained before"):
        prepared(config, parts, folder)
