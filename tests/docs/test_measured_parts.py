"""The page of measured parts says what lies in results/."""

import json
import runpy

import pytest

from .pages import ROOT

MADE = runpy.run_path(str(ROOT / "experiments" / "measured_parts.py"))


def test_the_page_is_as_the_results_are():
    assert MADE["PAGE"].read_text(encoding="utf-8") == MADE["page"]()


@pytest.mark.parametrize(("data", "steps", "heading"), MADE["SECTIONS"])
def test_every_part_of_the_table_is_there_with_its_means(data, steps, heading):
    table = json.loads((MADE["RESULTS"] / "components.json").read_text(encoding="utf-8"))
    cells = [
        cell
        for cell in table["cells"]
        if (cell["data"], cell["T"]) == (data, steps) and cell["runs"]
    ]
    assert cells
    _, rows = MADE["page"]().split(f"## {heading}\n", 1)
    lines = [line for line in rows.split("\n## ")[0].splitlines() if line.startswith("| ")]
    for cell in cells:
        part = cell["column"].split(",")[0]
        (line,) = (
            x
            for x in lines
            if x.startswith((f"| [`{part}`]", f"| {cell['column']} |"))
            and ("recalibrated" in x) == cell["recalibrated"]
        )
        assert f"| {cell['mean']:.2f}" in line, cell["train"]
        assert part in MADE["PLACES"]
