from types import SimpleNamespace

import pytest

from tssd.training.fit import fit
from tssd.training.progress import EpochLines, can_draw

from .runs import small

TERMS = ("task", "temporal", "spatial", "exit_task", "val/accuracy")


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")


@pytest.fixture
def no_terminal(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.mark.usefixtures("terminal")
def test_bar_shows_the_terms_of_the_loss(tmp_path, capfd):
    fit(small({"trainer.epochs": 1, "trainer.progress": True}), tmp_path)
    shown = capfd.readouterr()
    bar = [line for line in (shown.out + shown.err).split("\r") if line.startswith("Epoch 0")][-1]
    assert [name for name in TERMS if f"{name}=" not in bar] == []


@pytest.mark.usefixtures("no_terminal")
def test_a_log_has_lines(tmp_path, capfd):
    assert not can_draw()
    results = fit(small({"trainer.epochs": 2, "trainer.progress": True}), tmp_path)
    shown = capfd.readouterr()
    lines = shown.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert [name for name in TERMS if f" {name} " not in lines[-1]] == []
    assert "\r" not in shown.out + shown.err
    assert results["last"]["epoch"] == 1


@pytest.mark.usefixtures("no_terminal")
def test_nothing_is_shown_unless_asked(tmp_path, capfd):
    fit(small({"trainer.epochs": 1, "trainer.progress": False}), tmp_path)
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""


def test_lines_come_at_intervals_and_at_the_end(capsys):
    table = SimpleNamespace(rows=[])
    times = [0, 4, 10, 12, 20, 21]
    clock = iter(times)
    lines = EpochLines(table, every=10, clock=lambda: next(clock))
    module = SimpleNamespace(terms={"task": 1})
    for epoch in range(len(times)):
        table.rows.append({"epoch": epoch, "lr": 0.1, "train/task": epoch / 8, "val/accuracy": 0.5})
        lines.on_train_epoch_end(SimpleNamespace(current_epoch=epoch, max_epochs=6), module)
    assert capsys.readouterr().err.splitlines() == [
        "epoch 1/6: task 0, val/accuracy 0.5",
        "epoch 3/6: task 0.25, val/accuracy 0.5",
        "epoch 5/6: task 0.5, val/accuracy 0.5",
        "epoch 6/6: task 0.625, val/accuracy 0.5",
    ]
