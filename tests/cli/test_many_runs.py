import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tssd.cli import many_runs
from tssd.cli.many_runs import PlannedRun, command, train_all
from tssd.config import build, load_recipe
from tssd.errors import DataError, UsageError
from tssd.training.fit import fit
from tssd.training.module import DivergedError


@pytest.fixture
def planned(tmp_path):
    def planned(*seeds, name="digits/vanilla_ts", folder="runs"):
        return [PlannedRun(name, seed, tmp_path / folder / f"seed{seed}") for seed in seeds]

    return planned


def facts(results):
    """What must not depend on where and when a run was trained."""
    return [
        {k: v for k, v in r.to_dict().items() if k != "train_seconds"} for r in results.values()
    ]


def test_side_by_side_gives_the_same_numbers(planned, tiny, capsys):
    alone = train_all(planned(0, 1, folder="a"), tiny, jobs=1)
    together = train_all(planned(0, 1, folder="b"), tiny, jobs=2)
    assert facts(together) == facts(alone)
    assert facts(alone)[0] != facts(alone)[1]
    lines = capsys.readouterr().err.splitlines()
    done = [line for line in lines if line.startswith(("[1/2] ", "[2/2] "))]
    assert sorted(line.rpartition("/")[2].split(":")[0] for line in done) == ["seed0", "seed1"]
    # Nothing is left to train, so no process is needed.
    assert facts(train_all(planned(0, 1, folder="b"), tiny, jobs=2)) == facts(alone)
    assert capsys.readouterr().out.count("(trained already)") == 2


def test_a_run_that_fails_is_named(planned, tiny):
    first, second = planned(0, 1)
    second.folder.mkdir(parents=True)
    (second.folder / "mine.txt").touch()
    with pytest.raises(DataError, match=r"seed1: neither empty nor a run folder"):
        train_all([first, second], tiny, jobs=1)
    assert (first.folder / "results.json").exists()
    diverging = [*tiny, ("data.batch_size", "10"), ("optimizer.lr", "1e38")]
    with pytest.raises(DivergedError, match=r"^.*seed2: loss: .* became"):
        train_all(planned(2), diverging, jobs=1)


@pytest.fixture
def children(monkeypatch):
    """Replaces training by a few lines of Python, which may use `folder` and `seed`."""

    def children(code):
        def command(run, overrides):
            begin = "import pathlib, sys, time; "
            begin += f"seed = {run.seed}; folder = pathlib.Path({str(run.folder)!r}); "
            return [sys.executable, "-c", begin + code]

        monkeypatch.setattr(many_runs, "command", command)

    return children


@pytest.mark.parametrize(
    ("ending", "kind", "message"),
    [
        ("print('tssd: a mistake', file=sys.stderr); sys.exit(2)", UsageError, "a mistake"),
        ("print('noise\\ntssd: bad disk', file=sys.stderr); sys.exit(1)", DataError, "bad disk"),
        (
            "sys.stderr.write('tssd: bad disk\\nleaked objects\\n\\n'); sys.exit(1)",
            DataError,
            "bad disk",
        ),
        ("sys.stderr.write('no reason\\n'); sys.exit(1)", DataError, "no reason"),
        ("import os; os.kill(os.getpid(), 9)", DataError, "its process ended with code -9"),
        ("sys.exit(130)", KeyboardInterrupt, ""),
    ],
)
def test_a_process_that_fails_stops_the_others(planned, children, ending, kind, message):
    children(f"folder.mkdir(parents=True); seed or time.sleep(60)\n{ending}")
    runs = planned(0, 1, 2, 3)
    began = time.monotonic()
    with pytest.raises(kind) as error:
        train_all(runs, [], jobs=2)
    assert time.monotonic() - began < 30
    assert str(error.value) == (f"{runs[1].folder}: {message}" if message else "")
    assert not runs[3].folder.exists()


def test_ctrl_c_stops_the_processes_and_is_130(tssd, tiny_words, tmp_path, children):
    children("folder.mkdir(parents=True); time.sleep(60); (folder / 'over').touch()")

    def interrupt():
        while not all((tmp_path / f"runs/digits/tssd/seed{n}").exists() for n in (0, 1)):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    began = time.monotonic()
    outcome = tssd("compare", "digits/tssd", *tiny_words, "--jobs", "2", "--seeds", "0,1,2")
    assert outcome.code == 130
    assert "finished epochs are kept, the same command continues" in outcome.err
    assert time.monotonic() - began < 40
    assert not (tmp_path / "runs/digits/tssd/seed2").exists()
    assert not (tmp_path / "runs/comparison.md").exists()


def test_the_command_of_a_run(planned):
    (run,) = planned(3)
    words = command(run, [("net.width", "0.5")])
    assert words[1:6] == ["-P", "-m", "tssd.many_runs.child", "train", "digits/vanilla_ts"]
    assert words[6:] == [
        f"--output={run.folder}",
        "--resume",
        "--net.width=0.5",
        "--seed=3",
        "--trainer.progress=false",
    ]


def test_a_run_finds_the_modules_that_this_process_finds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "random.py").write_text("raise SystemExit('the wrong random')")
    (tmp_path / "beside_the_recipe.py").touch()
    monkeypatch.setattr(sys, "path", [*sys.path, os.getcwd()])
    code = "import json, random, beside_the_recipe, sys; print(json.dumps(sys.path))"
    words = [sys.executable, "-P", "-c", code]
    done = subprocess.run(words, env=many_runs.surroundings(2), capture_output=True, check=True)
    wanted = list(dict.fromkeys(path or os.getcwd() for path in sys.path))
    assert json.loads(done.stdout)[: len(wanted)] == wanted


def test_a_run_that_does_not_end_is_killed(planned, children, monkeypatch):
    monkeypatch.setattr(many_runs, "PATIENCE", 0.2)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    children(f"folder.mkdir(parents=True)\nif seed: {stubborn}\ntime.sleep(1); sys.exit(1)")
    began = time.monotonic()
    with pytest.raises(DataError, match="seed0"):
        train_all(planned(0, 1), [], jobs=2)
    assert time.monotonic() - began < 30


def test_a_damaged_run_among_them_is_one_line(planned):
    (run,) = planned(0)
    run.folder.mkdir(parents=True)
    (run.folder / "config.yaml").write_text("trainer: [1]\n")
    with pytest.raises(UsageError, match="seed0: the run has trainer.epochs = None, now it is"):
        many_runs.refuse_other_lengths([run], [])


@pytest.mark.parametrize("jobs", [1, 2])
def test_runs_of_another_length_are_refused_before_any_is_trained(planned, tiny, jobs):
    first, second, third = planned(0, 1, 2)
    fit(build(load_recipe(second.recipe, tiny)), second.folder)
    with pytest.raises(UsageError, match=r"seed1: the run has trainer.epochs = 1, now it is 3; "):
        train_all([first, second, third], [*tiny, ("trainer.epochs", "3")], jobs)
    assert not first.folder.exists()
