"""What `make gpu` does when things go wrong, and what it says; nothing is measured here."""

import json
import sys
import time

import pytest
from benchmarks.gpu import __main__ as program
from benchmarks.gpu import children, paper, steps
from benchmarks.gpu.children import Ended
from benchmarks.gpu.report import page

from tssd.training.needs.measured import Measured


def python(text):
    return [sys.executable, "-c", text]


@pytest.mark.parametrize(
    ("text", "status", "last"),
    [
        ("print('a'); print('all is well')", "done", "all is well"),
        ("raise SystemExit('no such thing')", "failed", "no such thing"),
        ("print('begun', flush=True); import time; time.sleep(60)", "out of time", "begun"),
    ],
)
def test_a_part_ends_in_its_time_whatever_it_does(tmp_path, monkeypatch, text, status, last):
    monkeypatch.setattr(children, "GRACE", 1.0)
    seconds = 2 if status == "out of time" else 60
    ended = children.run(python(text), seconds=seconds, log=tmp_path / "logs" / "part.txt")
    assert (ended.status, ended.last) == (status, last)
    assert ended.seconds < 30


def measured(step, evaluation=1.0):
    return Measured(step, 5, validation=2.0, evaluation=evaluation, memory=0, device="")


def test_epochs_are_as_many_as_fit():
    sizes = {"train": 1000, "val": 10, "test": 100}
    times = paper.Times.of(measured(0.1), sizes, 100)
    assert (times.epoch, times.after) == (pytest.approx(10 * 0.1 + 2.0), 2.0)
    assert times.epochs_in(0.0) == 0
    assert times.epochs_in((2 + 7.1 * times.epoch) / paper.SHARE) == 7
    assert times.epochs_in(1e6) == paper.MOST


def test_the_control_is_trained_where_both_learn_something():
    times = paper.Times(epoch=1.0, after=0.0)
    enough = 2 * (paper.ENOUGH + 0.5) / paper.SHARE
    assert paper.methods_in(times, enough) == (("tssd", "control"), paper.ENOUGH)
    assert paper.methods_in(times, enough - 2) == (("tssd",), int(paper.SHARE * (enough - 2)))


def test_the_data_set_is_the_one_that_is_there(tmp_path):
    assert paper.recipe_of(tmp_path) is None
    (tmp_path / "cifar10-jpeg").mkdir()
    assert paper.recipe_of(tmp_path) == "cifar10_jpeg"
    (tmp_path / "cifar-10-batches-py").mkdir()
    assert paper.recipe_of(tmp_path) == "cifar10"


class Answers:
    """A peer that needs no process; an exception is one that it can't answer after."""

    def __init__(self, logits, seconds, error=None):
        self.error, self.logits, self.seconds = error, logits, seconds
        self.may_take = []

    def ask(self, question, *, seconds):
        self.may_take.append(seconds)
        if self.error:
            return None
        is_memory = question.startswith("memory")
        return {"peak": 2**21, "logits": self.logits} if is_memory else {"seconds": self.seconds}


def test_a_peer_that_fails_leaves_the_others_their_ratio(tmp_path):
    class Options:
        rounds, steps = 3, 10

    peers = {
        "tssd": Answers([[1.0, 2.0]], 0.01),
        "SpikingJelly, triton": Answers([[1.0, 2.5]], 0.02),
        "SpikingJelly, cuda": Answers(None, 0, error="ImportError: not built"),
    }
    found = steps.compare(peers, Options, 4, until=float("inf"))
    assert found["SpikingJelly, triton"]["largest_difference"] == 0.5
    assert found["tssd"]["seconds"] == [0.01] * 3
    late = steps.compare(peers, Options, 16, until=0.0)
    assert late["tssd"] == {"seconds": [], "error": "there was no time left"}
    text = page(
        {
            "steps": {
                "batch": 64,
                "width": 1.0,
                "cupy": "none",
                "timesteps": {"4": found, "16": late},
            }
        }
    )
    assert "| tssd | 10.00 | 3 | 1.00 | 2 | 1.00 |" in text
    assert "| SpikingJelly, triton | 20.00 | 3 | 2.00 | 2 | 1.00 |" in text
    assert "| SpikingJelly, cuda | skipped: ImportError: not built |" in text
    assert "| tssd | skipped: there was no time left |" in text


def test_a_peer_that_compiles_for_too_long_leaves_time_for_the_rounds():
    class Options:
        rounds, steps = 1, 1

    peer = Answers([[1.0, 2.0]], 0.01)
    steps.compare({"tssd": peer}, Options, 4, until=time.monotonic() + 1000)
    first, *others = peer.may_take
    assert first == pytest.approx(500, rel=0.1)
    assert others == pytest.approx([1000, 1000], rel=0.1)


def test_a_page_says_what_was_trained_and_what_was_not_finished():
    done = {"accuracy": [0.9, 0.91, 0.915, 0.92], "epochs": 20, "train_seconds": 99.6}
    text = page(
        {
            "paper": {
                "recipe": "cifar10+vgg9",
                "options": {"trainer.precision": "bf16-mixed"},
                "epochs": 20,
                "seconds_an_epoch": 5.0,
                "seconds_left": 250.0,
                "planned": ["tssd", "control"],
                "methods": {"tssd": done},
            }
        }
    )
    assert "| tssd | 90.00 | 91.00 | 92.00 | 20 | 100 |" in text
    assert "| control | not finished |" in text


def test_without_cuda_it_goes_to_the_end_and_says_what_it_skipped(tmp_path, monkeypatch, capsys):
    (tmp_path / "steps.json").write_text("{}")  # of an earlier session
    machine = {"cuda": None, "devices": 0, "others": {}, "packages": {}}
    monkeypatch.setattr(program, "_look", lambda folder: (machine, Ended("done", 1.0, "")))
    monkeypatch.setattr(sys, "argv", ["gpu", "--output", str(tmp_path), "--minutes", "1"])
    assert program.main() == 0
    record = json.loads((tmp_path / "record.json").read_text())
    assert {p: e["status"] for p, e in record["parts"].items()} == {
        "machine": "done",
        **dict.fromkeys(("tests", "steps", "paper"), "skipped"),
    }
    assert "no CUDA device on this machine" in (tmp_path / "README.md").read_text()
    assert "plan, of 60 s" in capsys.readouterr().out
    assert "steps" not in record


def test_a_machine_that_can_not_be_looked_at_is_told(tmp_path, monkeypatch, capsys):
    failed = Ended("failed", 1.0, "ImportError: no torch")
    monkeypatch.setattr(program, "_look", lambda folder: (None, failed))
    monkeypatch.setattr(sys, "argv", ["gpu", "--output", str(tmp_path)])
    assert program.main() == 1
    assert "machine: failed after 1 s (ImportError: no torch)" in capsys.readouterr().out
