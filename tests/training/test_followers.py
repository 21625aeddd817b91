"""Followers of a small program, which runs once more for each of them as a training does."""

import subprocess
import sys
from pathlib import Path

import pytest

import tssd

PROGRAM = """
import os, signal, sys, time
from tssd.errors import DataError
from tssd.processes import follow_input
from tssd.training.followers import FOLLOWS, followers

if FOLLOWS in os.environ:
    follow_input()
    print("nobody hears this")
    {follower}
    sys.exit(0)
try:
    with followers(2, dict(WORLD_SIZE="3")) as others:
        {leader}
except Exception as error:
    print(type(error).__name__, error)
print("done", "WORLD_SIZE" in os.environ)
"""
SECOND = "if os.environ['RANK'] == '1'"
FAILS = "raise RuntimeError('Connection closed by peer')"


@pytest.fixture
def run(tmp_path):
    def run(*, follower="pass", leader="pass", ends=(0, "")):
        program = tmp_path / "program.py"
        program.write_text(PROGRAM.format(follower=follower, leader=leader))
        surroundings = {"PYTHONPATH": str(Path(tssd.__file__).parents[1])}
        done = subprocess.run(
            [sys.executable, program, "an argument"],
            capture_output=True,
            text=True,
            timeout=300,
            env=surroundings,
        )
        assert (done.returncode, done.stderr) == ends
        return done.stdout.splitlines()

    return run


def test_each_knows_its_place_and_the_words_of_the_command(run, tmp_path):
    note = (
        f"open({str(tmp_path)!r} + '/' + os.environ['RANK'], 'w').write("
        "' '.join([os.environ['LOCAL_RANK'], os.environ['WORLD_SIZE'], *sys.argv[1:]]))"
    )
    assert run(follower=note) == ["done False"]
    assert (tmp_path / "1").read_text() == "1 3 an argument"
    assert (tmp_path / "2").read_text() == "2 3 an argument"


@pytest.mark.parametrize(
    ("follower", "told"),
    [
        (
            "if os.environ['RANK'] == '2': sys.exit('tssd: the loss is nan')",
            "DataError process 3 of 3: the loss is nan",
        ),
        (
            f"{SECOND}: print('tssd: no such option', file=sys.stderr); sys.exit(2)",
            "UsageError process 2 of 3: no such option",
        ),
        (f"{SECOND}: sys.exit(7)", "DataError process 2 of 3: it ended with code 7"),
        (
            f"{SECOND}: os.kill(os.getpid(), signal.SIGKILL)",
            "DataError process 2 of 3 was ended by SIGKILL, which happens where memory runs "
            "out; finished epochs are kept, continue with --resume",
        ),
    ],
)
def test_what_ended_one_is_told_in_place_of_what_that_did_to_this_one(run, follower, told):
    assert run(follower=follower, leader=FAILS) == [told, "done False"]


def test_a_failure_that_this_one_does_not_notice_ends_it_with_the_line(run):
    waits = "sys.modules['tssd.training.followers'].DEAF_AFTER = 0.1; time.sleep(60)"
    line = "tssd: process 2 of 3: no such option\n"
    fails = f"{SECOND}: print('tssd: no such option', file=sys.stderr); sys.exit(2)"
    assert run(follower=fails, leader=waits, ends=(2, line)) == []


def test_an_error_of_its_own_is_told_and_ends_them(run):
    assert run(follower="time.sleep(60)", leader="raise DataError('the disk is full')") == [
        "DataError the disk is full",
        "done False",
    ]


def test_they_end_with_this_process_however_it_ends(tmp_path, run):
    waits = f"time.sleep(0.5); open({str(tmp_path / 'alive')!r}, 'w').close()"
    with pytest.raises(AssertionError):
        run(follower=waits, leader="os.kill(os.getpid(), signal.SIGKILL)")
    subprocess.run(["sleep", "0.8"], check=True)
    assert not (tmp_path / "alive").exists()
