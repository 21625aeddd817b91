"""Runs that many tests look at; none may change them."""

import shutil
from pathlib import Path

import pytest

from tssd.training.fit import fit

from .runs import RUINED, small, stopped


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder of an uninterrupted run of `RUINED`, best epoch in the middle."""
    folder = tmp_path_factory.mktemp("training") / "finished"
    fit(small(RUINED), folder)
    return folder


@pytest.fixture(scope="session")
def interrupted(tmp_path_factory):
    """The folder of the same run, stopped in its sixth epoch, when the best one is over."""
    folder = tmp_path_factory.mktemp("training") / "interrupted"
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(RUINED), step=11), folder)
    return folder


@pytest.fixture
def copied(tmp_path):
    """Copies a run folder to where a test may change it."""
    return lambda folder: Path(shutil.copytree(folder, tmp_path / "copied"))
