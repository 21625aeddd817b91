"""`kill -9` at any moment, then --resume: the run ends as if nothing had happened.

Each run is killed at three random moments, drawn from a fixed seed. To try many more by hand:

    TSSD_KILLED_RUNS=30 pytest tests/training/test_killed.py -k random
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from forked import needs_fork, wait_until
from tssd import atomic
from tssd.runs import folder as run_folder
from tssd.runs import weights as run_weights
from tssd.runs.folder import RunFolder
from tssd.training import checkpoint as checkpoints
from tssd.training import fit as fitting
from tssd.training.fit import fit
from tssd.training.saver import Saver

from .processes import output, train
from .runs import RUINED, is_same, small, table, untimed, weights

RUNS = int(os.environ.get("TSSD_KILLED_RUNS", "1"))
SAVE = checkpoints.AtomicCheckpointIO.save_checkpoint


def assert_ends_like(finished, folder, options=RUINED):
    results = fit(small(options), folder, resume=True)
    expected = RunFolder(finished).read_results()
    assert untimed(results) == untimed(expected)
    assert is_same(weights(folder), weights(finished))
    assert table(folder) == table(finished)
    assert not list(folder.rglob(".*.partial"))


def rows(folder):
    path = RunFolder(folder).metrics
    return path.read_text().count("\n") - 1 if path.exists() else 0


@needs_fork
@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("seed", range(RUNS))
def test_killed_at_random_moments(finished, tmp_path, seed, workers):
    """However many processes load, the run ends like one that was not killed and has none."""
    draw = random.Random(seed)
    options = RUINED | {"data.num_workers": workers}
    folder = tmp_path / "run"
    killed = 0
    for target in sorted(draw.randrange(6) for _ in range(3)):
        process = train(folder, options)
        wait_until(lambda target=target: rows(folder) >= target, process)
        time.sleep(draw.uniform(0, 0.1))
        process.kill()
        process.join()
        # On a fast machine the last moments may come too late.
        assert process.exitcode in (-signal.SIGKILL, 0), output(folder)
        killed += process.exitcode != 0
    assert killed
    assert_ends_like(finished, folder, options)


def kill_myself(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def before_the_checkpoint():
    Saver.on_train_epoch_end = kill_myself


def after_the_best():
    def save(self, checkpoint, path, storage_options=None):
        SAVE(self, checkpoint, path)
        if Path(path).name == "best.ckpt":
            kill_myself()

    checkpoints.AtomicCheckpointIO.save_checkpoint = save


def half_way(name):
    """In the middle of writing a file, when half of it is in the temporary one."""

    def sabotage():
        write = atomic.write_atomically

        def half_write(path, fill):
            def fill_half(temporary):
                fill(temporary)
                with temporary.open("rb+") as file:
                    file.truncate(temporary.stat().st_size // 2)
                kill_myself()

            write(path, fill_half if path.name == name else fill)

        for module in (checkpoints, run_folder, run_weights):
            module.write_atomically = half_write

    return sabotage


def in_the_final_evaluation():
    fitting.evaluate_parts = kill_myself


@needs_fork
def test_killed_at_every_awkward_moment_in_turn(finished, tmp_path):
    folder = tmp_path / "run"
    run = RunFolder(folder)

    def kill(sabotage):
        process = train(folder, RUINED, sabotage=sabotage)
        process.join()
        assert process.exitcode == -signal.SIGKILL, output(folder)

    kill(half_way("config.yaml"))
    assert not run.config.exists()
    kill(before_the_checkpoint)
    assert not run.checkpoints.exists()
    kill(half_way("best.ckpt"))
    assert [path.suffix for path in run.checkpoints.iterdir()] == [".partial"]
    kill(after_the_best)
    assert run.best.exists()
    assert not run.last.exists()
    kill(half_way("last.ckpt"))
    assert not run.last.exists()
    kill(in_the_final_evaluation)
    assert rows(folder) == 7
    trained = run.last.stat()
    kill(half_way("model.safetensors"))
    kill(half_way("results.json"))
    assert run.last.stat() == trained, "it was trained again"
    assert_ends_like(finished, folder)
    assert run.last.stat() == trained, "it was trained again"
