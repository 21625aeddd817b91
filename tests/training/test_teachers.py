"""Runs with a teacher: a finished run teaches another network on the same digits."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import TensorDataset

from tssd.cli import main
from tssd.config.trust import trusting
from tssd.data.given import GivenData
from tssd.errors import DataError, UsageError
from tssd.reading import read_json
from tssd.reopened.open_run import load_parts
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.teachers import Teacher
from tssd.training.fit import fit
from tssd.training.teachers import introduce, refuse_others

from . import nets
from .runs import is_same, small, stopped, table, weights


def taught_by(folder, **options):
    init = {"run": str(folder), "trust": [nets.__name__]}
    teacher = {"class_path": "tssd.Teacher", "init_args": init}
    term = {
        "class_path": "tssd.objectives.TeacherDistillation",
        "init_args": {"teacher": teacher, "ramp_epochs": 2},
    }
    return {"objectives.taught": json.dumps(term), "trainer.epochs": 3, **options}


@pytest.fixture(scope="module")
def teacher(finished, tmp_path_factory):
    return shutil.copytree(finished, tmp_path_factory.mktemp("teachers") / "teacher")


@pytest.fixture(scope="module")
def taught(teacher, tmp_path_factory):
    folder = tmp_path_factory.mktemp("taught") / "run"
    fit(small(taught_by(teacher)), folder)
    return folder


def test_a_run_learns_from_it_and_keeps_nothing_of_it(taught):
    rows = table(taught)
    assert all(row["train/taught"] > 0 for row in rows)
    assert [row["weight/taught"] for row in rows] == [0, 0.5, 1]
    # What such a run has without a teacher.
    parts = small()
    state = load_checkpoint(RunFolder(taught).last)["state_dict"]
    assert state.keys() == parts.module().state_dict().keys()
    plain = sum(len(group["params"]) for group in _groups(taught))
    assert plain == len([*parts.module().parameters()])


def _groups(folder):
    (state,) = load_checkpoint(RunFolder(folder).last)["optimizer_states"]
    return state["param_groups"]


@pytest.mark.parametrize("step", [4])
def test_a_resumed_run_is_the_same_bit_for_bit(teacher, taught, tmp_path, step):
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(taught_by(teacher)), step=step), tmp_path / "run")
    fit(small(taught_by(teacher)), tmp_path / "run", resume=True)
    assert is_same(weights(taught), weights(tmp_path / "run"))
    assert table(taught) == table(tmp_path / "run")


def test_a_teacher_that_has_changed_is_refused_on_resuming(teacher, tmp_path):
    own = shutil.copytree(teacher, tmp_path / "teacher")
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(taught_by(own)), step=3), tmp_path / "run")
    noted = read_json(RunFolder(tmp_path / "run").environment)["teachers"]
    assert [*noted] == ["taught.teacher"]
    RunFolder(own).weights.unlink()
    RunFolder(own).results.unlink()
    told = r"the teacher has changed since this run began: objectives.taught.teacher was \w+, now"
    with pytest.raises(DataError, match=told):
        fit(small(taught_by(own)), tmp_path / "run", resume=True)


def test_a_teacher_that_is_gone_is_told_on_resuming_and_not_needed_afterwards(teacher, tmp_path):
    own = shutil.copytree(teacher, tmp_path / "teacher")
    options = taught_by(own) | {"trainer.epochs": 2}
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(options), step=2), tmp_path / "run")
    own.rename(tmp_path / "away")
    told = r"^objectives.taught.teacher.run: .*teacher: no such folder; .*until training is over"
    with pytest.raises(DataError, match=told):
        fit(small(options), tmp_path / "run", resume=True)
    (tmp_path / "away").rename(own)
    results = fit(small(options), tmp_path / "run", resume=True)
    shutil.rmtree(own)
    assert fit(small(options), tmp_path / "run", resume=True) == results
    with trusting([nets.__name__]):
        assert load_parts(tmp_path / "run", []).net is not None


def test_one_that_does_not_fit_is_refused_before_there_is_a_folder(teacher, tmp_path):
    options = taught_by(teacher) | {"data.image_size": 16}
    told = r"^objectives.taught.teacher.run: .*samples of 1 x 8 x 8 .*but the data has 1 x 16 x 16"
    with pytest.raises(UsageError, match=told):
        fit(small(options), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_folder_does_not_trust_in_the_users_place(taught, capsys):
    evaluate = ["evaluate", str(taught), "--trust", nets.__name__]
    assert main(evaluate) == 0
    capsys.readouterr()
    run = RunFolder(taught)
    content = run.config.read_text()
    try:
        run.config.write_text(content.replace(f"- {nets.__name__}", "- os"))
        assert main(evaluate) == 2
    finally:
        run.config.write_text(content)
    told = capsys.readouterr().err.replace("\n", " ")
    assert "objectives.taught.teacher.trust: got os, which a run folder can't trust for" in told


def test_teachers_that_were_not_noted_pass():
    refuse_others("run", {}, {"taught.teacher": "1234"})
    refuse_others("run", {"taught.teacher": "1234"}, {"taught.teacher": "1234"})


def test_a_module_of_a_recipe_may_teach_as_it_is(tmp_path):
    torch.manual_seed(0)
    term = (
        "{class_path: tssd.objectives.TeacherDistillation, init_args: {teacher: "
        "{class_path: training.nets.Ann, init_args: {num_classes: 10}}}}"
    ).replace("training.nets", nets.__name__)
    fit(small({"objectives.taught": term, "trainer.epochs": 1}), tmp_path)
    assert table(tmp_path)[0]["train/taught"] > 0


def test_of_samples_that_are_given_it_has_to_be_said_how_they_are_normalised(teacher):
    rows = TensorDataset(torch.rand(4, 1, 8, 8), torch.arange(4))
    data = GivenData({"train": rows, "test": rows}, classes=10)
    for normalised in (None, True, False):
        shown = Teacher(teacher, trust=[nets.__name__], normalised=normalised)
        parts = SimpleNamespace(data=data, criterion=SimpleNamespace(teachers={"kd.by": shown}))
        if normalised is not None:
            introduce(parts)
            same = torch.equal(shown.as_own(rows.tensors[0]), rows.tensors[0])
            assert same == normalised
            continue
        with pytest.raises(UsageError, match=r"^objectives\.kd\.by\.normalised: got None"):
            introduce(parts)


def test_a_run_is_written_as_before_where_nothing_is_said_of_it(taught):
    term = RunFolder(taught).read_config()["objectives"]["taught"]["init_args"]
    assert "normalised" not in term["teacher"]["init_args"]
