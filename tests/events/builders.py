"""Builds in processes of their own, to be killed or to meet each other."""

import logging
import os
import sys
import time
from multiprocessing import get_context

import pytest

from tssd.errors import TssdError
from tssd.events.build import open_frames
from tssd.events.slicing import FixedTime

KEY = {"dataset": "built"}


def needs_fork(test):
    """Mark a test that uses `start`."""
    # The threads that a fork does not get belong to libraries that the child does not call.
    threads = "ignore:This process .* is multi-threaded:DeprecationWarning"
    fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    return fork(pytest.mark.filterwarnings(threads)(test))


def build(root, recordings):
    """The cache that all builds of these tests make."""
    options = {"slicing": FixedTime(20.0), "slices": 4, "workers": 2, "progress": False}
    return open_frames(root, KEY, recordings, **options)


def start(root, recordings, *, name="builder", sabotage=lambda: None):
    """Start a build in another process; what it logs goes to `name`.log beside the root."""
    log = root.parent / f"{name}.log"
    log.touch()
    process = get_context("fork").Process(target=_run, args=(root, recordings, log, sabotage))
    process.start()
    return process


def _run(root, recordings, log, sabotage):
    logging.getLogger("tssd").addHandler(logging.FileHandler(log))
    logging.getLogger("tssd").setLevel(logging.INFO)
    sabotage()
    try:
        build(root, recordings)
    except TssdError as error:
        logging.getLogger("tssd").error("%s", error)
        sys.exit(error.exit_code)


def wait_until(happened, process):
    """Look every millisecond; gives up when the process has ended."""
    while process.is_alive() and not happened():
        time.sleep(0.001)


def tree(root):
    """Names of all files below the root, hidden ones too."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
