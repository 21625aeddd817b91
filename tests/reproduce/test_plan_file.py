from pathlib import Path

import pytest

from tssd.errors import DataError, UsageError
from tssd.reproduce.plan_file import load_plan, variant_names

TINY = str(Path(__file__).with_name("tiny.yaml"))


def test_a_plan_of_one_s_own():
    plan = load_plan(TINY)
    assert (plan.name, plan.epoch) == (
        "tiny", {"paper": "best", "small": "last", "mid": None, "fast": None}
    )  # fmt: skip
    assert [(c.paper, c.std) for c in plan.cells] == [(50.0, 0.5), (60.0, None), (70.0, 0.25)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("title: [", "not valid YAML"),
        ("title: 2024-13-45", "not valid YAML"),
        ("title: t\ntitle: u", "not valid YAML .the key 'title' stands twice"),
        ("[" * 10_000, "not valid YAML .nested more than"),
        ("1", "expected a mapping with title, source, kind, cells; got 1"),
        ("title: t", "source is missing"),
    ],
)
def test_a_file_that_is_no_plan(tmp_path, text, found):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=f"p: {found}"):
        load_plan(str(path))


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_bytes(b"title: \xff")
    with pytest.raises(DataError, match=r"p.yaml: cannot be read as text"):
        load_plan(str(path))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("title: a table of digits", "title:", "title: got None, expected text"),
        ("kind: table", "kind: tables", "kind: got 'tables', expected one of table"),
        ("kind: table", "knid: table", "kind is missing"),
        ("notes:", "note:", "note: no such key; did you mean notes?"),
        ("[made up]", "made up", "notes: got 'made up', expected a list of texts"),
        ("[made up]", "[[]]", r"notes: 0: got \[\], expected text"),
        ("small: last", "small: first", "epoch: small: got 'first', expected one of"),
        ("small: last", "small: [last]", r"epoch: small: got \['last'\]"),
        (
            "{paper: best, small: last}",
            "last",
            "epoch: expected a mapping with paper, small, mid, fast; got",
        ),
        ("baseline: vanilla", "baseline: plain", "baseline: no row is called 'plain'; valid are"),
        ("at: 2", "at: 0", "cells: 1: at: got 0, expected a whole number"),
        ("at: 2, paper: [60]", "at: [2, 0]", "cells: 1: at: got 0, expected a whole number"),
        ("at: 2", "at: []", r"cells: 1: at: got \[\], expected a whole number"),
        ("at: 2", "at: [2, 3]", "cells: 1: paper: one number for 2 timesteps"),
        ("at: 2", "at: true", "cells: 1: at: got True, expected a whole number"),
        ("at: 2", "at: 2, x: long", "cells: 1: x: got 'long', expected a number"),
        ("at: 2", "at: 2, recalibrated: 1", "cells: 1: recalibrated: got 1, expected true or"),
        ("at: 2", "at: 2, longer: 0", "cells: 1: longer: got 0, expected how many times"),
        ("at: 2", "at: 2, longer: 1.5", "cells: 1: longer: got 1.5, expected how many times"),
        ("[60]", "[60, 1, 2]", r"cells: 1: paper: got \[60, 1, 2\]"),
        ("[60]", "[.nan]", "cells: 1: paper"),
        ("[60]", f"[1{'0' * 400}]", "cells: 1: paper: got"),
        ("[60]", "60", "cells: 1: paper: got 60, expected"),
        ("row: TSSD", "row: [TSSD]", r"cells: 2: row: got \['TSSD'\], expected text"),
        ("row: TSSD, ", "", "cells: 2: row is missing"),
        ("row: TSSD", 'row: "\\e[2J"', "row: got .*, expected text without control characters"),
        ("row: TSSD", 'row: "\\uD800"', "row: got .*, expected text without control characters"),
        ("{data: digits, row: TSSD", "{data: DIGITS, row: TSSD", "'digits' and 'DIGITS' differ in"),
        ("{small: d", "{tiny: d", "cells: 0: runs: tiny: no such key"),
        ("=3", " 3", "cells: 2: runs: got 'digits/tssd --timesteps.teacher 3'"),
        ("paper: digits/tssd}", "paper: [a]}", r"cells: 2: runs: paper: got \['a'\], expected"),
        ("{small: digits/tssd --timesteps.teacher=3, paper: digits/tssd}", "{}", "runs: got none"),
        ('"T = 2", at: 2', '"T = 1", at: 1', "digits, vanilla, T = 1, 1 stands there twice"),
    ],
)
def test_mistakes_in_a_plan(tmp_path, old, new, found):
    path = tmp_path / "tiny.yaml"
    text = Path(TINY).read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(UsageError, match=f"tiny: .*{found}"):
        load_plan(str(path))


def test_only_accuracies_are_kept_of_recalibrated_networks(tmp_path):
    path = tmp_path / "p.yaml"
    text = Path(TINY).read_text().replace("kind: table", "kind: rates")
    path.write_text(text.replace("row: TSSD", "recalibrated: true, row: TSSD"))
    with pytest.raises(UsageError, match="p: cells: TSSD is recalibrated, but of such .* no rates"):
        load_plan(str(path))


@pytest.mark.parametrize("cells", ["", " 3", " []", " {a: 1}"])
def test_cells_that_are_none(tmp_path, cells):
    path = tmp_path / "p.yaml"
    path.write_text(f"title: t\nsource: s\nkind: table\ncells:{cells}\n")
    with pytest.raises(UsageError, match=r"p: cells: got .*, expected a list of cells"):
        load_plan(str(path))


def test_names_may_be_numbers(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(Path(TINY).read_text().replace("row: TSSD", "row: 4"))
    assert load_plan(str(path)).cells[2].row == "4"


def test_a_list_of_timesteps_is_a_cell_each(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(Path(TINY).read_text().replace("at: 2, paper: [60]", "at: [2, 4]"))
    one, two, three, four = load_plan(str(path)).cells
    assert (two.at, three.at, two.column) == (2, 4, three.column)
    assert two.runs == three.runs == one.runs
    assert four.row == "TSSD"


def test_an_unknown_plan():
    with pytest.raises(UsageError, match="there is no 'tabel1'; did you mean table1"):
        load_plan("tabel1")


def test_the_folders_of_all_plans():
    assert "cifar10/vgg9_tssd" in variant_names("paper")
    assert not any("small" in name for name in variant_names("paper"))
    assert "cifar10_jpeg+mid+control" in variant_names("mid")


def test_a_plan_s_files_are_called_by_a_name_that_stays_in_the_folder(tmp_path):
    path = tmp_path / "..yaml"
    path.write_text(Path(TINY).read_text())
    name = load_plan(str(path)).name
    assert name not in (".", "..")
    assert "/" not in name
