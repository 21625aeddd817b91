import json

import pytest

from tssd.errors import DataError
from tssd.runs.files import OBJECTS, continued, planned_epochs, read_run, resuming
from tssd.runs.results import Results

GOOD = {
    "seed": 0,
    "timesteps": {"student": 2},
    "split_hash": "abc",
    "best": {"accuracy": [0.5, 0.6], "samples": 2, "confusion": [[1, 0], [0, 1]]},
    "last": {"accuracy": [0.5, 0.6]},
}


def test_a_run_is_read(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(GOOD))
    (tmp_path / "config.yaml").write_text("seed: 0\n")
    (tmp_path / "metrics.csv").write_text("epoch,val/accuracy\n0,0.25\n1,\n")
    (tmp_path / "model.json").write_text('{"class_names": ["a", "b"]}')
    run = read_run(tmp_path, name="mine")
    assert (run.name, run.config) == ("mine", "seed: 0\n")
    assert run.results == Results.of(GOOD)
    assert run.metrics[0] == {"epoch": 0, "val/accuracy": 0.25}
    assert run.metrics[1] == {"epoch": 1}
    assert (run.environment, run.evaluation) == ({}, None)
    assert run.class_names() == ["a", "b"]


def test_what_is_recalibrated_belongs_beside_the_results(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(GOOD))
    found = {"samples": 2, "split_hash": "abc", "accuracy": [0.75, 0.5]}
    for split, expected in (("abc", (0.75, 0.5)), ("xyz", None)):
        kept = {"evaluations": [found | {"split_hash": split}]}
        (tmp_path / "recalibrated.json").write_text(json.dumps(kept))
        run = read_run(tmp_path)
        assert (run.recalibrated and run.recalibrated.accuracy) == expected


def test_results_alone_will_do(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(GOOD))
    run = read_run(tmp_path)
    assert (run.name, run.config, run.metrics) == (str(tmp_path), "", [])
    assert run.class_names() == ["class 0", "class 1"]


def test_a_run_that_is_not_finished_has_no_results(tmp_path):
    config = "timesteps:\n  student: 1\nobjectives: {}\ntrainer:\n  x: 1\n  epochs: 40\n"
    (tmp_path / "config.yaml").write_text(config)
    run = read_run(tmp_path)
    assert (run.results, run.metrics, planned_epochs(run.config)) == (None, [], 40)
    (tmp_path / "config.yaml").write_text("model: x\n")
    with pytest.raises(DataError, match="its config.yaml is not one of `tssd train`"):
        read_run(tmp_path)


@pytest.mark.parametrize("file", ["results", "environment", "model", "evaluation", "recalibrated"])
@pytest.mark.parametrize("text", ['{"a": ', "[" * 100_000 + "]" * 100_000, "[1]", "\xff"])
def test_damaged_json_is_one_line(tmp_path, file, text):
    (tmp_path / "results.json").write_text(json.dumps(GOOD))
    (tmp_path / f"{file}.json").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=rf"^[^\n]*{file}.json: damaged [^\n]*$"):
        read_run(tmp_path)


def test_damaged_results_are_made_again(tmp_path):
    (tmp_path / "results.json").write_text("")
    with pytest.raises(DataError, match="delete it and --resume$"):
        read_run(tmp_path)


def test_results_that_are_none_of_a_run(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(GOOD | {"seed": "0"}))
    with pytest.raises(DataError, match="results.json: seed is '0', .*what `tssd train` writes"):
        read_run(tmp_path)


@pytest.mark.parametrize(("epochs", "told"), [(2, True), (6, False), (None, False)])
def test_results_of_another_length_than_is_planned(epochs, told):
    config = "trainer:\n  epochs: 6\n"
    found = continued(Results.of(GOOD | {"epochs": epochs}), config)
    expected = "not finished: the results are those of 2 epochs, now 6 are planned"
    assert found == (expected if told else None)
    assert continued(Results.of(GOOD | {"epochs": 2}), "") is None


def test_a_run_that_was_stopped_is_continued_only_for_another_length():
    stopped = {"epochs": 6, "stopped": {"planned": 40, "reason": "why"}}
    config = "trainer:\n  epochs: {}\n"
    assert continued(Results.of(GOOD | stopped), config.format(40)) is None
    told = continued(Results.of(GOOD | stopped), config.format(60))
    assert told == "not finished: the results are those of 6 epochs, now 60 are planned"


def test_a_run_is_continued_by_a_command_or_from_python_where_no_file_rebuilds_it():
    of_objects = f"net:\n  class_path: {OBJECTS}GivenNet\n"
    assert resuming("runs/a b/seed0", "seed: 0\n") == "tssd train 'runs/a b/seed0' --resume"
    called = "tssd.fit(net, train, ..., folder='runs/a b/seed0', resume=True)"
    assert resuming("runs/a b/seed0", of_objects) == called
