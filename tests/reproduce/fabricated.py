"""Results as a run would leave them, with made-up numbers."""

import json

import yaml

from tssd.reproduce.plan import Cell, Plan, Variant
from tssd.runs.results import Results

VANILLA, TSSD = Variant("a/vanilla"), Variant("a/tssd", (("timesteps.teacher", "3"),))


def cell(row, variant, *, at=1, paper=None, std=None, data="d", column="net", x=None):
    return Cell(data, row, column, at, {"small": variant}, paper, std, x)


def plan(*cells, kind="table", **text):
    epoch = {"paper": "best", "small": "last"}
    return Plan("made-up", "A table", "nowhere", kind, cells, epoch, text)


def results(seed, accuracy, **said):
    return Results.of(content(seed, accuracy, **said))


def content(seed, accuracy, *, last=None, split="abc", best=None, **said):
    """Of results.json."""
    last = accuracy if last is None else last
    whole = {
        "seed": seed,
        "timesteps": {"student": 1, "teacher": 2},
        "split_hash": split,
        "best": {"epoch": 0, "accuracy": accuracy, "samples": 10} | (best or {}),
        "last": {"epoch": 1, "accuracy": last},
    }
    return whole | said


def write_run(folder, found):
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump({"seed": 0}))
    if found is not None:
        (folder / "results.json").write_text(json.dumps(found))
