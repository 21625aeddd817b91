import json
import os
import subprocess
import sys
import time

import pytest

from reproduce.fabricated import content
from tssd.config.trust import trusting
from tssd.many_runs import Failure, RunFailedError, side_by_side
from tssd.many_runs.side_by_side import command, surroundings
from tssd.many_runs.side_by_side import side_by_side as train

DATA = '\'{"kind": "DataError", "message": "bad disk", "details": ""}\''
CRASH = "import os; os.kill(os.getpid(), 9)"


def stop(run, outcome):
    if isinstance(outcome, Failure):
        raise RunFailedError(outcome)


@pytest.mark.parametrize(
    ("ending", "kind", "message", "code"),
    [
        (f"print({DATA}); sys.exit(1)", "DataError", "bad disk", 1),
        (
            f"print('noise', file=sys.stderr); print({DATA}); sys.exit(1)",
            "DataError",
            "bad disk",
            1,
        ),
        ("sys.exit(0)", "DataError", "no results yet", 1),
        ("sys.stderr.write('no reason\\n'); sys.exit(1)", "", "ended with code 1: no reason", 1),
        (CRASH, "", "its process was killed (SIGKILL)", 137),
    ],
)
def test_who_wants_it_stops_the_others_at_the_first_failure(
    planned, children, ending, kind, message, code
):
    children(f"folder.mkdir(parents=True); seed or time.sleep(60)\n{ending}")
    runs = planned(0, 1, 2, 3)
    began = time.monotonic()
    with pytest.raises(RunFailedError) as error:
        train(runs, 2, stop)
    assert time.monotonic() - began < 30
    failure = error.value.failure
    assert (failure.run, failure.kind, failure.exit_code) == (runs[1], kind, code)
    assert failure.message.startswith(str(runs[1].folder))
    assert message in failure.message
    assert not runs[3].folder.exists()


def test_a_failure_does_not_lose_the_results_of_others(planned, children):
    results = json.dumps(content(0, [0.5]))
    done = f"folder.mkdir(parents=True); (folder / 'results.json').write_text({results!r})"
    children(f"\nif seed == 1: {CRASH}\n{done}")
    runs, told = planned(0, 1, 2), []
    found = train(runs, 2, lambda run, outcome: told.append((run, outcome)))
    assert [found[run].seed for run in (runs[0], runs[2])] == [0, 0]
    assert found[runs[1]].exit_code == 137
    assert dict(told) == found


def test_what_a_run_says_on_standard_error_is_told_with_its_folder_before_its_end(
    planned, children
):
    results = json.dumps(content(0, [0.5]))
    done = f"folder.mkdir(parents=True); (folder / 'results.json').write_text({results!r})"
    crash = "if seed == 2: sys.exit(3)"
    failed = f"if seed == 1: print({DATA}); sys.exit(1)"
    warning = r"sys.stderr.write(f'{folder}: odd\n\na layer \x1b never fires\n')"
    children(f"\n{warning}\n{failed}\n{crash}\n{done}")
    runs, told = planned(0, 1, 2), []
    found = train(runs, 2, lambda run, _: told.append((run, "end")), lambda *of: told.append(of))
    for run in runs[:2]:
        said = [what for of, what in told if of == run]
        never = rf"{run.folder}: a layer \x1b never fires"
        assert said == [f"{run.folder}: odd", never, "end"]
    # What ends without a word has it in its details.
    assert [what for of, what in told if of == runs[2]] == ["end"]
    assert "never fires" in found[runs[2]].details


def test_a_process_that_cannot_be_started_is_a_failure_of_its_run(planned, monkeypatch):
    monkeypatch.setattr(side_by_side, "command", lambda run: ["/no/such/program"])
    runs = planned(0, 1)
    found = train(runs, 2, lambda run, outcome: None)
    assert [(found[run].kind, found[run].exit_code) for run in runs] == 2 * [
        ("FileNotFoundError", 1)
    ]


def test_ctrl_c_in_a_process_is_ctrl_c_here(planned, children):
    children("sys.exit(130)")
    with pytest.raises(KeyboardInterrupt):
        train(planned(0, 1), 2, stop)


def test_a_run_that_does_not_end_is_killed(planned, children, monkeypatch):
    monkeypatch.setattr(side_by_side, "PATIENCE", 0.2)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    children(f"folder.mkdir(parents=True)\nif seed: {stubborn}\ntime.sleep(1); sys.exit(1)")
    began = time.monotonic()
    with pytest.raises(RunFailedError, match="seed0"):
        train(planned(0, 1), 2, stop)
    assert time.monotonic() - began < 30


def test_the_command_of_a_run_shows_no_progress_and_trusts_what_this_process_trusts(planned):
    (run,) = planned(3)
    words = command(run)
    assert words[:6] == [sys.executable, "-P", "-m", "tssd.many_runs.child", "train", run.recipe]
    assert words[-2:] == ["--trainer.progress=false", "--seed=3"]
    with trusting(["a", "b"]):
        assert command(run)[-2:] == ["--trust=a", "--trust=b"]


def test_a_run_finds_the_modules_that_this_process_finds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "random.py").write_text("raise SystemExit('the wrong random')")
    (tmp_path / "beside_the_recipe.py").touch()
    monkeypatch.setattr(sys, "path", [*sys.path, os.getcwd()])
    code = "import json, random, beside_the_recipe, sys; print(json.dumps(sys.path))"
    words = [sys.executable, "-P", "-c", code]
    done = subprocess.run(words, env=surroundings(2), capture_output=True, check=True)
    wanted = list(dict.fromkeys(path or os.getcwd() for path in sys.path))
    assert json.loads(done.stdout)[: len(wanted)] == wanted
