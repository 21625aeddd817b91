import pytest

from tssd.cli.differences_table import print_differences
from tssd.report import Comparison, Differences, Row

LOW = tuple((70.0 + s % 3, 40.0 + s % 4, 30.0) for s in range(10))
HIGH = tuple((80.0 + s % 5, 85.0 + s % 2, 70.0) for s in range(10))


def row(name, values):
    return Row(f"digits+vgg9+quick+{name}", 1, tuple(range(len(values))), values, 1)


@pytest.mark.parametrize("width", [80, 120])
def test_a_table_of_three_timesteps_fits_a_terminal(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    rows = (row("vanilla_ts", LOW), row("control", HIGH))
    print_differences(Differences.of(Comparison(rows, (1, 2, 3), "abc", 400)))
    out = capsys.readouterr().out
    drawn = [line for line in out.splitlines() if line[:1] in "┏┃┡│└"]
    assert max(map(len, drawn)) <= 80
    assert [len(line) for line in drawn] == [len(drawn[0])] * len(drawn)
    (first,) = [line for line in drawn if line.startswith("│ vanilla_ts ")]
    assert "−11.10 ± 1.79 │ −44.20 ± 1.03 │ −40.00 ± 0.00" in " ".join(first.split())
    assert out.count("p < 0.001 │") == 2
    assert "no spread: no test" in out
    assert "minus control" in out
    assert (
        "vanilla_ts: told apart at T = 1 (11.10 ± 1.79 points below), T = 2 (44.20 ± 1.03 points"
        in out
    )


def test_a_method_alone_is_printed_without_differences(capsys):
    print_differences(Differences.of(Comparison((row("tssd", HIGH),), (1,), "abc", 400)))
    assert capsys.readouterr().out == ""


def test_names_are_no_markup(capsys):
    rows = (row("[red]\x1b[2J", HIGH), row("control", LOW))
    print_differences(Differences.of(Comparison(rows, (1,), "abc", 400)))
    out = capsys.readouterr().out
    assert "[red]\\x1b[2J" in out
    assert "\x1b[2J" not in out
