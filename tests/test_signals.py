"""Signals at bad moments: one line and one exit code, in processes of their own."""

import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from tssd.signals import Interrupted, Signals, is_interrupted, signals_later, under_signals

CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
PROGRAM = """
import os, signal, sys, time
from tssd import signals
from tssd.cli import main, recipes

signals.GRACE = {grace}
send = lambda: os.kill(os.getpid(), signal.{name})

def run(words):
{body}

recipes.run = run
sys.argv = ["tssd", "recipes"]
code = main()
{after}
sys.exit(code)
"""


def outcome(body, name="SIGINT", *, after="", grace=5.0, before=""):
    """Exit code and standard error of a program that runs `body` as its command."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    code = before + PROGRAM.format(body=lines, name=name, after=after, grace=grace)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60
    )
    return done.returncode, done.stderr


def is_one_line(found, code=130):
    return found[0] == code and re.fullmatch(r"tssd: interrupted.*\n", found[1])


@pytest.mark.parametrize("name", CODES)
def test_each_signal_is_one_line_and_its_own_code(name):
    if not hasattr(signal, name):
        pytest.skip("no such signal here")
    found = outcome("send()\ntime.sleep(60)", name)
    assert is_one_line(found, CODES[name]), found


AWKWARD = {
    "it becomes another error": "try: send()\nexcept BaseException: raise RuntimeError('zip')",
    "several in a row": "try: send()\nfinally:\n    for _ in range(9): send(); time.sleep(0.01)",
    "another error hides it": "from tssd.errors import DataError\n"
    "try: send()\nexcept BaseException: raise DataError('a worker ended')",
    "it becomes an exit": "try: send()\nexcept BaseException: sys.exit(1)",
    "it is caught, and all goes well": "try: send()\nexcept BaseException: return 0",
    "another comes as the program exits": "import atexit; atexit.register(send)\nsend()",
}


@pytest.mark.parametrize("body", AWKWARD.values(), ids=AWKWARD)
def test_whatever_comes_of_the_exception_it_is_one_line(body):
    found = outcome(body)
    assert is_one_line(found), found


def test_a_destructor_that_swallows_it_only_delays_the_end():
    body = "class A:\n    def __del__(self): send()\nA()\ntime.sleep(60)"
    found = outcome(body, grace=0.2)
    assert is_one_line(found), found


def test_what_hangs_on_its_way_out_is_ended():
    found = outcome("try: send()\nfinally: time.sleep(60)", grace=0.2)
    assert is_one_line(found), found


def test_a_signal_after_the_end_changes_nothing():
    found = outcome("print('all of it')\nreturn 0", after="send(); time.sleep(60)")
    assert found == (0, "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_what_is_ignored_stays_ignored(name):
    # nohup, and shells that start a job in the background.
    ignore = f"import signal; signal.signal(signal.{name}, signal.SIG_IGN)\n"
    assert outcome("send()\nreturn 0", name, before=ignore) == (0, "")


def test_a_program_that_calls_a_command_has_its_handlers_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    hook = sys.unraisablehook
    with pytest.raises(Interrupted), Signals(lambda: None, program=False) as signals:
        assert signal.getsignal(signal.SIGTERM) not in before
        signal.raise_signal(signal.SIGTERM)
    assert signals.exit_code == 143
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert sys.unraisablehook is hook


def test_whether_a_signal_came_is_known_whatever_became_of_it():
    assert not is_interrupted()
    seen = []

    def work():
        seen.append(is_interrupted())
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            seen.append(is_interrupted())
        with Signals(lambda: None, program=False):
            seen.append(is_interrupted())
        return 0

    told = []
    code = under_signals(work, told.append, lambda: told.append("end"), program=False)
    assert (seen, code, told) == ([False, True, False], 143, ["end"])
    assert not is_interrupted()


def test_what_goes_well_or_wrong_without_a_signal_has_its_own_code():
    def fail():
        raise ValueError("x")

    told = []
    assert under_signals(lambda: 5, told.append, fail, program=False) == 5
    assert under_signals(fail, lambda error: len(str(error)), fail, program=False) == 1
    assert told == []


def test_a_signal_is_heard_when_the_block_has_ended():
    done, before = [], signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), signals_later():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("one")
        with signals_later():
            done.append("two")
    assert done == ["one", "two"]
    assert signal.getsignal(signal.SIGINT) is before


def test_of_two_the_second_is_heard_at_once():
    done, before = [], signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), signals_later():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("one")
        os.kill(os.getpid(), signal.SIGINT)
        done.append("two")
    assert done == ["one"]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_in_the_block_does_not_hide_the_signal():
    with pytest.raises(KeyboardInterrupt) as raised, signals_later():
        os.kill(os.getpid(), signal.SIGINT)
        raise OSError("disk full")
    assert isinstance(raised.value.__context__, OSError)


def test_what_is_ignored_stays_ignored_and_other_threads_change_nothing():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals_later():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    found = []

    def work():
        with signals_later():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]
