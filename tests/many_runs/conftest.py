import sys

import pytest

from tssd.many_runs import PlannedRun, side_by_side


@pytest.fixture
def planned(tmp_path, tiny):
    """Runs of a recipe that take a second, one a seed."""

    def planned(*seeds, name="digits/vanilla_ts", folder="runs", options=()):
        folders = {seed: tmp_path / folder / f"seed{seed}" for seed in seeds}
        return [PlannedRun(name, s, folders[s], (*tiny, *options)) for s in seeds]

    return planned


@pytest.fixture
def children(monkeypatch):
    """Replaces training by a few lines of Python, which may use `folder` and `seed`."""

    def children(code):
        def command(run):
            begin = "import pathlib, sys, time; "
            begin += f"seed = {run.seed}; folder = pathlib.Path({str(run.folder)!r}); "
            return [sys.executable, "-c", begin + code]

        monkeypatch.setattr(side_by_side, "command", command)

    return children
