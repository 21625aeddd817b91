"""The notebooks run from top to bottom, with a training that is cut short."""

import json

import pytest
from mkdocs_hooks.notebooks import as_markdown

from .pages import DOCS

NOTEBOOKS = sorted(DOCS.rglob("*.ipynb"))
BYTES = 20_000  # a picture in a notebook has more


def content(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(path):
    cells = content(path)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_run_one_after_the_other(path, paste, capsys):
    cells = code_cells(path)
    assert sum(cell.count("\nEPOCHS = ") for cell in cells) == 1
    for number, cell in enumerate(cells, 1):
        lines = [
            "EPOCHS = 1" if line.startswith("EPOCHS = ") else line for line in cell.split("\n")
        ]
        paste("\n".join(lines), f"{path.name}, cell {number}", 1)
    assert "T = 2" in capsys.readouterr().out


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_is_small(path):
    assert path.stat().st_size < BYTES
    for cell in content(path)["cells"]:
        assert all("image/png" not in output.get("data", {}) for output in cell.get("outputs", []))


def test_a_notebook_becomes_a_page():
    printed = {"output_type": "stream", "name": "stdout", "text": ["2\n"]}
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "text"]},
        {"cell_type": "code", "source": ["print(1 + 1)"], "outputs": [printed]},
        {"cell_type": "code", "source": ["x = 3"], "outputs": []},
    ]
    assert as_markdown({"cells": cells}) == (
        "# Title\ntext\n\n```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n\n"
        "```python\nx = 3\n```\n"
    )
