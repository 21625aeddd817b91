import json
from pathlib import Path

import pytest

from tssd.errors import DataError, UsageError, printable
from tssd.many_runs import Failure, PlannedRun, RunFailedError
from tssd.many_runs.failure import SHOWN
from tssd.objectives import DivergedError

RUN = PlannedRun("digits/tssd", 0, Path("runs/seed0"))
TOLD = "runs/seed0: "


@pytest.mark.parametrize(
    ("error", "kind", "message", "code"),
    [
        (UsageError("--x: no"), "UsageError", f"{TOLD}--x: no", 2),
        (DataError("runs/seed0: damaged"), "DataError", "runs/seed0: damaged", 1),
        (DivergedError("loss: nan", "lower"), "DivergedError", f"{TOLD}loss: nan; lower", 1),
        (OSError("disk full"), "OSError", f"{TOLD}disk full", 1),
        (KeyboardInterrupt(), "KeyboardInterrupt", f"{TOLD}interrupted; finished epochs are", 130),
    ],
)
def test_what_is_raised_is_told_as_one_run_alone_tells_it(error, kind, message, code):
    found = Failure.of(RUN, error)
    assert (found.run, found.kind, found.exit_code, found.details) == (RUN, kind, code, "")
    assert found.message.startswith(message)
    # The same through a process, whose code is the failure's.
    assert Failure.of_process(RUN, code, found.to_json(), "noise\n") == found


def test_a_mistake_in_some_code_brings_its_traceback():
    try:
        {}["x"]
    except KeyError as error:
        found = Failure.of(RUN, error)
    assert (found.kind, found.exit_code) == ("KeyError", 1)
    assert "test_failure.py" in found.details
    assert found.message.startswith(f"{TOLD}KeyError: 'x'; this is a mistake in tssd")
    assert Failure.of_process(RUN, 1, found.to_json(), "") == found


@pytest.mark.parametrize(
    ("code", "complaints", "message", "exit_code"),
    [
        (-9, "", "its process was killed (SIGKILL), which is what happens where memory", 137),
        (-11, "", "its process crashed (SIGSEGV)", 139),
        (-6, "one\nbad_alloc\n\n", "its process crashed (SIGABRT): bad_alloc", 134),
        (-250, "", "its process crashed (signal 250)", 378),
        (3, "a\x1b[2J\n", r"its process ended with code 3: a\x1b[2J", 3),
        (3, 99 * "a\n" + "b", "its process ended with code 3: b", 3),
    ],
)
def test_a_process_that_says_nothing(code, complaints, message, exit_code):
    found = Failure.of_process(RUN, code, "", complaints)
    assert (found.kind, found.exit_code) == ("", exit_code)
    lines = [line for line in complaints.splitlines() if line]
    assert found.details.splitlines() == [printable(line) for line in lines[-SHOWN:]]
    assert found.message.startswith(TOLD + message)


def test_of_two_answers_the_last_counts():
    both = [
        Failure.of(RUN, e).to_json() for e in (DataError("a worker ended"), KeyboardInterrupt())
    ]
    found = Failure.of_process(RUN, 143, "".join(both), "")
    assert (found.kind, found.exit_code) == ("KeyboardInterrupt", 143)
    assert [len(one.splitlines()) for one in both] == [1, 1]
    assert json.loads(both[0])["kind"] == "DataError"


def test_raised_it_ends_a_program_as_the_run_would_have():
    failure = Failure.of(RUN, UsageError("--x: no"))
    error = RunFailedError(failure)
    assert (str(error), error.exit_code) == (f"{TOLD}--x: no", 2)
    assert error.failure is failure
