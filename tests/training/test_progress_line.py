"""What is shown on a terminal, a real one to the process, and in a log."""

import os
import re
import signal
import sys
from types import SimpleNamespace

import pytest

from forked import needs_fork, wait_until
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit
from tssd.training.progress_line import Progress, can_draw, clock_time

from .processes import output, train
from .runs import OPTIONS, small

TERMS = ("loss", "task", "temporal", "spatial", "exit_task", "val/accuracy")
SHOWN = OPTIONS | {"trainer.progress": True}


@pytest.fixture
def no_terminal(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def on_terminal(folder, options, *, meanwhile=lambda process: None, columns=200):
    """What `tssd train` shows on a terminal that has nobody typing."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()

    def use_terminal():
        os.environ["COLUMNS"] = str(columns)
        sys.stdout = sys.stderr = os.fdopen(theirs, "w", buffering=1)
        # Every step is shown, however fast it is.
        Progress._is_time = lambda self: True

    process = train(folder, options, sabotage=use_terminal)
    os.close(theirs)
    meanwhile(process)
    shown = b""
    while True:
        try:
            shown += (part := os.read(ours, 4096))
        except OSError:  # as Linux says that nobody is left at the other end
            break
        if not part:
            break
    process.join()
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


@needs_fork
def test_a_terminal_has_one_line_from_one_on_with_the_time_left(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    shown = on_terminal(tmp_path / "run", SHOWN)
    drawn = [line.rstrip() for line in re.split("[\r\n]", shown) if "epoch " in line]
    drawn = [line for line in drawn if line.startswith("epoch ")]
    heads = [re.match(r"epoch (\d)/2, (step|validation) (\d)/(\d)", line) for line in drawn]
    places = [head.groups() for head in heads if head]
    assert places[0] == ("1", "step", "1", "2")
    steps = [place for place in places[1:] if place[1] == "step"]
    assert steps == [(e, "step", s, "2") for e in "12" for s in "12"]
    assert {place[3] for place in places if place[1] == "validation"} == {"3"}
    assert re.search(r"epoch 1/2, step 2/2, 0:\d\d left: loss ", shown)
    (last,) = [line for line in drawn if "epoch 2/2, step 2/2" in line]
    assert " left" not in last
    assert [name for name in TERMS if f" {name} " not in last] == []
    # What comes next stands in a line of its own.
    assert re.search(r"step 2/2[^\n]*\n", shown)


@needs_fork
def test_a_narrow_terminal_is_not_filled_with_wrapped_lines(tmp_path):
    shown = on_terminal(tmp_path / "run", SHOWN, columns=40)
    drawn = [line for line in re.split("[\r\n]", shown) if line.startswith("epoch ")]
    assert max(map(len, drawn)) == 39


@needs_fork
def test_ctrl_c_is_told_in_a_line_of_its_own(tmp_path):
    run = RunFolder(tmp_path / "run")

    def stop(process):
        wait_until(run.last.exists, process)
        os.kill(process.pid, signal.SIGINT)

    shown = on_terminal(run.path, SHOWN | {"trainer.epochs": 500}, meanwhile=stop)
    said = [line for line in shown.split("\n") if "interrupted" in line]
    assert len(said) == 1
    assert "epoch " not in re.sub("\x1b\\[[0-9;]*m", "", said[0]).partition("finished")[0]


@pytest.mark.usefixtures("no_terminal")
def test_a_log_has_lines(tmp_path, capfd):
    assert not can_draw()
    results = fit(small({"trainer.epochs": 2, "trainer.progress": True}), tmp_path)
    shown = capfd.readouterr()
    lines = shown.err.splitlines()
    assert re.fullmatch(r"epoch 1/2, 0:0\d left", lines[0].partition(": ")[0])
    assert lines[1].startswith("epoch 2/2: ")
    assert len(lines) == 2
    assert [name for name in TERMS if f" {name} " not in lines[-1]] == []
    assert "\r" not in shown.out + shown.err
    assert results.last.epoch == 1


@pytest.mark.usefixtures("no_terminal")
def test_nothing_is_shown_unless_asked(tmp_path, capfd):
    fit(small({"trainer.epochs": 1, "trainer.progress": False}), tmp_path)
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""


@needs_fork
def test_a_command_says_at_once_on_what_it_trains(tmp_path):
    train(tmp_path / "run", SHOWN).join()
    lines = [line for line in output(tmp_path / "run").splitlines() if "training on" in line]
    assert lines == [f"{tmp_path / 'run'}: training on cpu, 50 samples for 2 epochs"]


def test_lines_come_at_intervals_and_at_the_end(capsys):
    """The clock alone is not the real one."""
    table = SimpleNamespace(rows=[])
    now = [100.0]
    lines = Progress(table, draw=False, every=10, clock=lambda: now[0])
    trainer = SimpleNamespace(
        max_epochs=6,
        num_training_batches=10,
        accumulate_grad_batches=2,
        global_step=0,
        current_epoch=0,
        should_stop=False,
    )
    lines.on_train_start(trainer, None)
    for epoch, seconds in enumerate([10, 14, 20, 22, 30, 31]):
        now[0] = 100.0 + seconds
        trainer.current_epoch, trainer.global_step = epoch, 5 * (epoch + 1)
        table.rows.append({"epoch": epoch, "lr": 0.1, "train/task": epoch / 8, "val/accuracy": 0.5})
        lines.on_train_epoch_end(trainer, None)
    assert capsys.readouterr().err.splitlines() == [
        "epoch 1/6, 0:50 left: task 0, val/accuracy 0.5",
        "epoch 3/6, 0:20 left: task 0.25, val/accuracy 0.5",
        "epoch 5/6, 0:06 left: task 0.5, val/accuracy 0.5",
        "epoch 6/6: task 0.625, val/accuracy 0.5",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (3599, "59:59"), (90061, "25:01:01")]
)
def test_clock_time(seconds, text):
    assert clock_time(seconds) == text
