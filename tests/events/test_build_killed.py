"""`kill -9` at any moment, and a full disk: a finished cache or a clean rebuild.

To try many more random moments by hand:

    TSSD_KILLED_BUILDS=30 pytest tests/events/test_build_killed.py -k random
"""

import os
import random
import signal
import time

import numpy as np
import pytest

from forked import needs_fork, wait_until
from tssd.events import build as building
from tssd.events import writing
from tssd.events.cache import META
from tssd.events.writing import PARTIAL

from .builders import build, start, tree
from .recordings import folder_of_recordings

RUNS = int(os.environ.get("TSSD_KILLED_BUILDS", "1"))
COUNT = 40


@pytest.fixture
def recordings(tmp_path):
    return folder_of_recordings(tmp_path / "data", COUNT, pause=0.004)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "caches"


@pytest.fixture
def expected(tmp_path, recordings):
    """The frames of a build that nothing interrupts, and the files that it leaves."""
    whole = build(tmp_path / "whole", recordings)
    return np.array(whole.frames), whole.statistics, tree(tmp_path / "whole")


def assert_ends_like(expected, root, recordings):
    cache = build(root, recordings)
    np.testing.assert_array_equal(cache.frames, expected[0])
    np.testing.assert_array_equal(cache.statistics, expected[1])
    assert tree(root) == expected[2]


def is_writing(root):
    return any(root.glob(f".*{PARTIAL}"))


@needs_fork
@pytest.mark.parametrize("seed", range(RUNS))
def test_killed_at_five_random_moments(root, recordings, expected, seed):
    draw = random.Random(seed)
    in_the_middle = 0
    for _ in range(5):
        process = start(root, recordings)
        wait_until(lambda: is_writing(root), process)
        time.sleep(draw.uniform(0, 0.08))
        process.kill()
        process.join()
        # On a slow or fast machine some moments may come before or after the build.
        assert process.exitcode in (-signal.SIGKILL, 0)
        in_the_middle += is_writing(root)
        finished = [path for path in root.glob("*") if not path.name.startswith(".")]
        assert all((path / META).exists() for path in finished)
    assert in_the_middle
    assert_ends_like(expected, root, recordings)


def kill_myself(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def before_the_first_sample():
    building.Writer = kill_myself


def before_meta():
    writing.sealed = kill_myself


def after_meta():
    writing.sync_folder = kill_myself


def after_the_rename():
    building.sync_folder = kill_myself


MOMENTS = [before_the_first_sample, before_meta, after_meta, after_the_rename]


@needs_fork
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_killed_at_a_chosen_moment(root, recordings, expected, moment):
    process = start(root, recordings, sabotage=moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert bool(list(root.glob("built-*"))) == (moment is after_the_rename)
    if moment is after_the_rename:
        assert len(list(root.glob(".*"))) == 1  # finished; the lock file goes with the next use
    assert_ends_like(expected, root, recordings)


def while_the_damaged_cache_is_removed():
    writing.remove = lambda path: kill_myself() if path.exists() else None


@needs_fork
def test_killed_while_a_damaged_cache_is_removed(root, recordings, expected):
    (build(root, recordings).path / META).unlink()
    process = start(root, recordings, sabotage=while_the_damaged_cache_is_removed)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert is_writing(root)
    assert_ends_like(expected, root, recordings)


@needs_fork
def test_leftovers_of_another_cache_are_removed_too(root, recordings, expected):
    process = start(root, recordings[:20], sabotage=before_meta)
    process.join()
    assert is_writing(root)
    assert_ends_like(expected, root, recordings)


@needs_fork
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_a_disk_that_fills_up(root, recordings, expected, part):
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    # The system refuses files above a limit, and Python ignores the signal that goes with it, so
    # that the write itself fails; the last time only at the very end of the frames.
    limit = 2000 + int(part * (expected[0].nbytes - 2000 + 100))
    process = start(
        root, recordings, sabotage=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit,) * 2)
    )
    process.join()
    assert process.exitcode == 1
    message = (root.parent / "builder.log").read_text().splitlines()[-1]
    assert "cannot be written (File too large); nothing of it is left: check space" in message
    assert not list(root.iterdir())
    assert_ends_like(expected, root, recordings)
