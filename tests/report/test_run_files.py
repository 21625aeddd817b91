import json
import math

import pytest

from tssd.errors import DataError
from tssd.report.run_files import fault, read_json, read_metrics, read_run

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


def test_no_results_name_the_remedy(tmp_path):
    with pytest.raises(DataError, match=r"no results yet; finish the run with `tssd train .* --re"):
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
    ],
)
def test_foreign_and_failed_results_are_told(change, expected, tmp_path):
    assert fault(GOOD) is None
    assert fault(GOOD | change) == expected
    (tmp_path / "results.json").write_text(json.dumps(GOOD | change))
    with pytest.raises(DataError, match="results.json: .*expected what `tssd train` writes"):
        read_run(tmp_path)


def test_results_that_are_no_mapping():
    assert fault([]) == "it holds no mapping"


def test_damaged_json_is_one_line(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": ')
    with pytest.raises(DataError, match="x.json: damaged"):
        read_json(path)
    path.write_text("[1]")
    assert read_json(path) == {"content": [1]}
    assert read_json(tmp_path / "gone.json") == {}


def test_odd_tables_are_read(tmp_path):
    path = tmp_path / "metrics.csv"
    assert read_metrics(path) == []
    path.write_text("")
    assert read_metrics(path) == []
    path.write_text("a,b\n1,2,3\n4\nnan,-inf\n")
    first, second, third = read_metrics(path)
    assert first == {"a": 1, "b": 2}
    assert (second["a"], math.isnan(second["b"])) == (4, True)
    assert (math.isnan(third["a"]), third["b"]) == (True, -math.inf)
