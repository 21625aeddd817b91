"""Builds in processes of their own, to be killed or to meet each other."""

import logging
import sys
from multiprocessing import get_context

from tssd.errors import TssdError
from tssd.events.build import open_frames
from tssd.events.slicing import FixedTime

KEY = {"dataset": "built"}


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


def tree(root):
    """Names of all files below the root, hidden ones too."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
