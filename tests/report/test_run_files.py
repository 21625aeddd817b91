import json
import math

import pytest

from tssd.errors import DataError
from tssd.report.run_files import LONGEST, fault, planned_epochs, read_run

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
    assert (run.name, run.results, run.config) == ("mine", GOOD, "seed: 0\n")
    assert run.metrics[0] == {"epoch": 0, "val/accuracy": 0.25}
    assert math.isnan(run.metrics[1]["val/accuracy"])
    assert (run.environment, run.evaluation) == ({}, {})
    assert run.class_names() == ["a", "b"]


def test_results_alone_will_do(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(GOOD))
    run = read_run(tmp_path)
    assert (run.name, run.config, run.metrics) == (str(tmp_path), "", [])
    assert run.class_names() == ["class 0", "class 1"]


def test_a_run_that_is_not_finished_has_no_results(tmp_path):
    config = "timesteps:\n  student: 1\nobjectives: {}\ntrainer:\n  x: 1\n  epochs: 40\n"
    (tmp_path / "config.yaml").write_text(config)
    run = read_run(tmp_path)
    assert (run.results, run.metrics, planned_epochs(run.config)) == ({}, [], 40)
    (tmp_path / "config.yaml").write_text("model: x\n")
    with pytest.raises(DataError, match="its config.yaml is not one of `tssd train`"):
        read_run(tmp_path)


@pytest.mark.parametrize("file", ["results", "environment", "model", "evaluation"])
@pytest.mark.parametrize("text", ['{"a": ', "[" * 100_000 + "]" * 100_000, "[1]", "\xff"])
def test_damaged_json_is_one_line(tmp_path, file, text):
    (tmp_path / "results.json").write_text(json.dumps(GOOD))
    (tmp_path / f"{file}.json").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=rf"^[^\n]*{file}.json: damaged [^\n]*$"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"seed": "0"}, "it has no seed"),
        ({"timesteps": None}, "it has no timesteps.student"),
        ({"split_hash": None}, "it has no split_hash"),
        ({"best": {"samples": 2, "accuracy": []}}, "it has no best.accuracy"),
        ({"last": []}, "it has no last.accuracy"),
        ({"best": {"accuracy": [0.5]}}, "it has no best.samples"),
        ({"best": {"accuracy": [0.5], "samples": 0}}, "best.samples is 0, expected at least 1"),
        ({"epochs": "ten"}, "epochs is 'ten', expected a whole number, at least 0"),
        ({"best": {"samples": 2, "accuracy": [0.5, math.nan]}}, "best.accuracy at T = 2 is nan"),
        ({"last": {"accuracy": ["x"]}}, "last.accuracy at T = 1 is 'x'"),
        ({"last": {"accuracy": [1e308]}}, "last.accuracy at T = 1 is 1e+308"),
        ({"last": {"accuracy": [True]}}, "last.accuracy at T = 1 is True"),
        ({"last": {"accuracy": [10**400]}}, "last.accuracy at T = 1 is a number of more than 18"),
        (
            {"last": {"accuracy": [0.5] * (LONGEST + 1)}},
            f"last.accuracy has {LONGEST + 1} timesteps, expected at most {LONGEST}",
        ),
        ({"timesteps": {"student": 10**9}}, "timesteps.student is 1000000000, expected 1 to 10000"),
        ({"timesteps": {"student": 0}}, "timesteps.student is 0, expected 1 to 10000"),
        ({"train_seconds": 1e308}, "train_seconds is a huge number, expected a number"),
        (
            {"parameters": 10**400},
            "parameters is a huge number, expected a whole number, at least 0",
        ),
    ],
)
def test_foreign_and_failed_results_are_told(change, expected, tmp_path):
    assert fault(GOOD) is None
    assert fault(GOOD | change).startswith(expected)
    (tmp_path / "results.json").write_text(json.dumps(GOOD | change))
    with pytest.raises(DataError, match="results.json: .*expected what `tssd train` writes"):
        read_run(tmp_path)


def test_results_that_are_no_mapping():
    assert fault([]) == "it holds no mapping"
