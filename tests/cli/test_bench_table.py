from dataclasses import replace

import pytest

from tssd.bench.result import Bench, Cell
from tssd.bench.timing import Spread
from tssd.cli.bench_table import print_bench

CELL = Cell(
    runtime="pytorch",
    timesteps=1,
    batch=1,
    wall_ms=Spread(2.0, 1.5, 3.0),
    cpu_ms=Spread(1.9, 1.5, 3.0),
    rounds=5,
    per_second=500.0,
    speedup=1.0,
    cpu_speedup=1.0,
    memory_mib=512.4,
    accuracy=0.9012,
    energy_uj=0.1234,
)
ENGINE = replace(CELL, runtime="engine", speedup=7.5, energy_uj=None)
BENCH = Bench(
    epoch=3,
    samples=10,
    split_hash="a",
    threads=1,
    firing_rate=(0.1, 0.2),
    cells=(CELL, ENGINE, replace(CELL, batch=16)),
    absent={"onnxruntime": "it is not installed: pip install 'tssd[onnx]'"},
)


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    def shown(bench):
        print_bench(bench, title="[run]")
        return capsys.readouterr().out

    return shown


def test_rows_and_what_they_mean(shown):
    text = shown(BENCH)
    assert "[run]: batch of 16" in text
    (row,) = (line for line in text.splitlines() if "│ engine" in line)
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells == ["1", "engine", "2 (1.5-3)", "1.9", "500", "7.5x", "1x", "90.12", "-", "512"]
    assert "not measured: onnxruntime: it is not installed: pip install 'tssd[onnx]'" in text
    assert "firing rate of the run: 0.200 at T=2" in text
    assert "other programs" not in text


def test_without_memory_there_is_no_column(shown):
    bare = replace(BENCH, cells=(replace(CELL, memory_mib=None),))
    assert "MiB" not in shown(bare)


def test_a_disturbed_clock_is_told(shown):
    late = replace(CELL, wall_ms=Spread(20.0, 15.0, 30.0))
    assert "other programs ran meanwhile" in shown(replace(BENCH, cells=(late,)))
    assert "other programs" not in shown(replace(BENCH, cells=(late,), threads=2))
