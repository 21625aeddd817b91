import dataclasses
import json
import math
import re
import subprocess
import sys

import pytest

from tssd.errors import DataError
from tssd.runs.evaluation import LONGEST, NotFiniteError
from tssd.runs.folder import RunFolder
from tssd.runs.results import EarlyStop, EpochEvaluation, Results

GOOD = {
    "seed": 0,
    "timesteps": {"student": 2},
    "split_hash": "abc",
    "best": {"accuracy": [0.5, 0.6], "samples": 2, "confusion": [[1, 0], [0, 1]]},
    "last": {"accuracy": [0.5, 0.6]},
}


def test_what_training_writes_is_what_is_read(trained):
    content = json.loads(RunFolder(trained).results.read_text())
    results = Results.of(content)
    assert results == RunFolder(trained).read_results()
    assert results.to_dict() == content
    # Nothing that training writes is left unread, and nothing that is read is left unwritten.
    assert set(content) == {field.name for field in dataclasses.fields(Results)}
    assert set(content["best"]) == {field.name for field in dataclasses.fields(EpochEvaluation)}
    assert content["best"]["operations"]["layers"]
    assert content["best"]["early_exit"]["1"]["costs"]


def test_results_of_the_first_version_are_read():
    results = Results.of(GOOD)
    assert (results.selected, results.evaluated(), results.changes) == ("best", results.best, ())
    assert (results.timesteps.teacher, results.validation_samples) == (None, None)
    assert results.evaluated("last").operations is None
    assert results.evaluated("last").early_exit == {}


def test_a_change_of_length_is_called_as_in_the_file():
    change = {"option": "trainer.epochs", "from": 3, "to": 5, "epochs_trained": 2}
    results = Results.of(GOOD | {"changes": [change]})
    assert results.changes[0].from_ == 3
    assert results.to_dict()["changes"] == [change]
    wrong = GOOD | {"changes": [change | {"to": "five"}]}
    with pytest.raises(ValueError, match=r"^changes\[0\]\.to is 'five', expected a whole number"):
        Results.of(wrong)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"seed": None}, "it has no seed"),
        ({"seed": "0"}, "seed is '0', expected a whole number, at least 0"),
        ({"timesteps": None}, "it has no timesteps"),
        ({"timesteps": {}}, "it has no timesteps.student"),
        ({"split_hash": None}, "it has no split_hash"),
        ({"best": {"samples": 2, "accuracy": []}}, "it has no best.accuracy"),
        ({"last": []}, "last is [], expected a mapping"),
        ({"last": {}}, "it has no last.accuracy"),
        ({"last": {"accuracy": {}}}, "last.accuracy is {}, expected a list"),
        ({"best": {"accuracy": [0.5]}}, "best.samples is 0, expected at least 1"),
        ({"best": {"accuracy": [0.5], "samples": 0}}, "best.samples is 0, expected at least 1"),
        ({"epochs": "ten"}, "epochs is 'ten', expected a whole number, at least 0"),
        ({"best": {"samples": 2, "accuracy": [0.5, math.nan]}}, "best.accuracy at T = 2 is nan"),
        ({"last": {"accuracy": ["x"]}}, "last.accuracy at T = 1 is 'x'"),
        ({"last": {"accuracy": [1e308]}}, "last.accuracy at T = 1 is a huge number"),
        ({"last": {"accuracy": [True]}}, "last.accuracy at T = 1 is True"),
        ({"last": {"accuracy": [10**400]}}, "last.accuracy at T = 1 is a huge number"),
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
def test_foreign_and_failed_results_are_told(change, expected):
    Results.of(GOOD)
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}") as caught:
        Results.of(GOOD | change)
    assert "\n" not in str(caught.value)


def test_results_that_are_no_mapping():
    with pytest.raises(ValueError, match="^it holds no mapping$"):
        Results.of([])


def test_an_accuracy_that_is_not_finite_is_a_failed_training():
    with pytest.raises(NotFiniteError, match="best.accuracy at T = 1 is inf"):
        Results.of(GOOD | {"best": {"samples": 2, "accuracy": [math.inf]}})


def test_energies_are_checked_as_where_they_are_given():
    model = {"mac_pj": -1, "ac_pj": 0.9, "source": "mine"}
    operations = {"layers": {}, "macs": [], "acs": [], "energy_uj": [], "rule": ""}
    best = GOOD["best"] | {"operations": operations | {"energy_model": model}}
    with pytest.raises(ValueError, match=r"^best.operations.energy_model: mac_pj: got -1"):
        Results.of(GOOD | {"best": best})


def test_a_folder_says_what_to_do_about_such_results(tmp_path):
    run = RunFolder(tmp_path)
    run.results.write_text(json.dumps(GOOD | {"parameters": -3}))
    told = r"results\.json: parameters is -3, .*delete it and --resume$"
    with pytest.raises(DataError, match=told):
        run.read_results()


def test_reports_read_runs_without_torch():
    program = (
        "import sys, tssd.runs.state, tssd.runs.folder, tssd.runs.differences\n"
        "import tssd.runs.later_evaluation, tssd.runs.which_epoch, tssd.runs.training_lock\n"
        "print([name for name in ('torch', 'numpy', 'lightning') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_run_that_was_stopped_had_more_epochs_planned_than_trained():
    stopped = Results.of(GOOD | {"epochs": 6, "stopped": {"planned": 40, "reason": "why"}})
    assert (stopped.epochs, stopped.planned, stopped.stopped) == (6, 40, EarlyStop(40, "why"))
    assert Results.of(stopped.to_dict()) == stopped
    assert Results.of(GOOD | {"epochs": 6}).planned == 6
