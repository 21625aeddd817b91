"""Parts of examples/extend, and a short training with the recipe of one."""

import csv
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest

from tssd.config import build, load_recipe
from tssd.training.fit import fit

FOLDER = Path(__file__).parents[2] / "examples" / "extend"


@pytest.fixture
def part(monkeypatch):
    """Imports the module of a part by its name, as from its own folder."""
    monkeypatch.syspath_prepend(FOLDER)
    return import_module


@pytest.fixture
def train(part, tiny, tmp_path):
    """Trains digits/tssd with the recipe of a part; the run's parts and the rows of its metrics."""

    def run(name: str, *, epochs: int = 1, options: Sequence[tuple[str, str]] = ()):
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(f"extends: [digits/tssd, {FOLDER / name}.yaml]\n", encoding="utf-8")
        short = [*tiny, ("trainer.epochs", str(epochs)), *options]
        parts = build(load_recipe(str(recipe), short))
        folder = tmp_path / "run"
        fit(parts, folder)
        with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
            return parts, list(csv.DictReader(file))

    return run
