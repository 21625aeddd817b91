"""That a table's networks are measured over one of its rows, with the teachers that they need."""

import csv
import json
from dataclasses import replace

import pytest
from benchmarks import table_costs as module
from benchmarks.table_costs import Costs, as_markdown, cheapest_cells, main

NET = "digits+vgg9+quick"
NARROW = "--net.width=0.03125 --data.batch_size=4"


def cell(row, words, *, at=1, runs=(50.0,), recalibrated=False):
    return {
        "data": "digits", "row": row, "column": "net", "T": at, "steps": 4, "mean": 50.0,
        "runs": list(runs), "recalibrated": recalibrated, "train": f"{NET}+{words} {NARROW}",
    }  # fmt: skip


CELLS = [
    cell("vanilla", "vanilla_tt", at=2),
    cell("vanilla", "vanilla_tt", at=1),
    cell("vanilla, recalibrated", "vanilla_tt", recalibrated=True),
    cell("KDSNN", "kdsnn+vanilla_tt"),
    cell("SLTT", "sltt+vanilla_tt"),
    cell("TSSD", "tssd", runs=()),
]


def test_of_every_network_the_cell_at_the_lowest_t_as_it_was_trained():
    found = cheapest_cells({"cells": CELLS})
    assert [(one["row"], one["T"]) for one in found] == [("vanilla", 1), ("KDSNN", 1), ("SLTT", 1)]


def test_a_table_is_measured_over_one_of_its_rows(tmp_path, capsys):
    path = tmp_path / "made-up.json"
    path.write_text(json.dumps({"cells": CELLS}))
    main([str(path), "--over", "vanilla", "--rounds", "1"])
    names = {f"made-up-costs.{suffix}" for suffix in ("csv", "md", "png", "svg")}
    assert {file.name for file in tmp_path.iterdir()} == names | {"made-up.json"}
    rows = csv.DictReader((tmp_path / "made-up-costs.csv").read_text().splitlines())
    plain, taught, rule = rows
    assert (plain["time"], plain["held"], plain["teacher"]) == ("1.0000", "1.0000", "0.0000")
    # The ANN is trained for one timestep of four.
    assert 0 < float(taught["teacher"]) < float(taught["time"])
    assert float(taught["training"]) == pytest.approx(
        float(taught["time"]) + float(taught["teacher"]), abs=1e-3
    )
    # Of four timesteps, one at a time.
    assert 0.2 < float(rule["held"]) < 0.6
    assert "| KDSNN | 4 | " in capsys.readouterr().out


def test_a_row_that_is_not_there_is_a_wrong_word(tmp_path, capsys):
    path = tmp_path / "made-up.json"
    path.write_text(json.dumps({"cells": CELLS}))
    with pytest.raises(SystemExit) as stopped:
        main([str(path), "--over", "vanila"])
    assert stopped.value.code == 2
    assert "--over: got 'vanila', expected one of KDSNN, SLTT, vanilla" in capsys.readouterr().err


def test_columns_are_named_where_there_are_several():
    own = Costs("d", "TSSD", "a", None, 1.5, 1.25, 2.0, 3.0, 0.25, 1, 90.0, "words")
    assert as_markdown([own], "vanilla").splitlines()[2] == (
        "| TSSD | - | 1.50 | 1.25 to 2.00 | 3.00 | 0.25 | 1.75 | 90.00 |"
    )
    other = Costs("d", "TSSD", "b", 4, 1.0, 1.0, 1.0, 1.0, 0.0, 1, 80.0, "words")
    assert as_markdown([own, other], "vanilla").splitlines()[3] == (
        "| b, TSSD | 4 | 1.00 | 1.00 to 1.00 | 1.00 |  | 1.00 | 80.00 |"
    )
    rows = as_markdown([other, replace(other, data="e")], "vanilla").splitlines()[2:4]
    assert [row.split(" | ")[0] for row in rows] == ["| d, TSSD", "| e, TSSD"]


def test_a_point_is_named_by_its_column_where_there_are_several(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(module, "save", lambda figure, path: drawn.append(figure))
    costs = [
        Costs("d", row, column, 4, time, 1.0, 1.0, 1.0, 0.0, 1, 80.0, "words")
        for time, (row, column) in enumerate((("TSSD", "a"), ("TSSD", "b"), ("control", "b")), 1)
    ]
    for some in (costs, costs[1:]):
        module.plot(some, tmp_path / "x", over="vanilla")
    several, one = (figure.axes[0] for figure in drawn)
    assert [text.get_text() for text in several.texts] == ["a", "b", "b"]
    assert [text.get_text() for text in several.get_legend().get_texts()] == ["TSSD", "control"]
    assert [text.get_text() for text in one.texts] == ["TSSD", "control"]
    assert one.get_legend() is None
