"""One run in this process: its results, or why it has none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tssd.config import build, load_recipe
from tssd.many_runs.failure import Failure
from tssd.many_runs.planned import PlannedRun
from tssd.many_runs.side_by_side import THREADS, share_of_cores
from tssd.runs.results import Results
from tssd.signals import is_interrupted
from tssd.taught import prepared
from tssd.training.fit import fit
from tssd.training.process_kept import process_kept


def train(run: PlannedRun) -> Results:
    """Train a run, or continue it; what its results.json holds.

    Raises: as `load_recipe`, `build`, `prepared` and `fit`.
    """
    # A run is the same whichever came before it in this process.
    with process_kept():
        config = load_recipe(run.recipe, run.overrides)
        parts = prepared(config, build(config), run.folder, resume=True)
        return fit(parts, run.folder, resume=True)


def outcome(run: PlannedRun) -> Results | Failure:
    """The same, what is raised as an object. Raises: KeyboardInterrupt: Ctrl-C and its like."""
    try:
        return train(run)
    except Exception as error:
        # A signal may come out of C++, or of a loading process, as any other error.
        if is_interrupted():
            raise KeyboardInterrupt from error
        return Failure.of(run, error)


@contextmanager
def share_of(jobs: int) -> Iterator[None]:
    """Inside, torch has the threads of a run among so many, as those side by side have.

    With others a run would have other weights than beside them, of which the rest of an interrupted
    comparison may be the last.
    """
    before = torch.get_num_threads()
    if jobs > 1 and THREADS not in os.environ:
        torch.set_num_threads(share_of_cores(jobs))
    try:
        yield
    finally:
        torch.set_num_threads(before)
