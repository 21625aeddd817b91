"""Children end with their parent, however that ends, and hear nothing of Ctrl-C themselves."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import pytest

from tssd.processes import lifeline, process_pool

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
POOL = """
import os, time
from multiprocessing import get_context
from tssd.processes import process_pool

if __name__ == "__main__":
    with process_pool(2, get_context("spawn")) as submit:
        found = [submit(os.write, 1, b"up\\n") for _ in range(2)]
        found += [submit(time.sleep, 60) for _ in range(2)]
        [one.result() for one in found]
"""
FORKS = """
import os, time
from multiprocessing import get_context
from tssd.processes import follow_parent

def work(number):
    follow_parent(number)
    os.write(1, b"up\\n")  # in one piece, beside others
    time.sleep(60)

if __name__ == "__main__":
    for number in range(2):
        get_context("fork").Process(target=work, args=(number,)).start()
    time.sleep(60)
"""


SHARES = """
import os, time
from multiprocessing import get_context, util
from tssd.processes import follow_parent

def work(mine):
    follow_parent()
    if mine:
        util.get_temp_dir()  # where the sockets lie over which torch hands on what it shares
    os.write(1, b"up\\n")  # in one piece, beside others
    time.sleep(60)

if __name__ == "__main__":
    get_context("fork").Process(target=work, args=(True,)).start()
    time.sleep(0.5)
    print(util.get_temp_dir(), flush=True)
    get_context("fork").Process(target=work, args=(False,)).start()
    time.sleep(60)
"""


@pytest.fixture
def program(tmp_path):
    """Starts a script; its children inherit what it prints to, so reading ends with the last."""

    def program(text, **options):
        path = tmp_path / "program.py"
        path.write_text(text)
        return subprocess.Popen(
            [sys.executable, path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
            **options,
        )

    return program


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("text", [POOL, FORKS], ids=["pool", "forks"])
def test_children_end_when_their_parent_is_killed(program, text):
    with program(text) as process:
        assert [process.stdout.readline() for _ in range(2)] == ["up\n"] * 2
        process.kill()
        began = time.monotonic()
        process.communicate(timeout=50)
        assert time.monotonic() - began < 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_leaves_no_sockets_of_its_own_and_touches_none_of_its_parent_s(
    program, tmp_path, monkeypatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with program(SHARES) as process:
        said = [process.stdout.readline().strip() for _ in range(3)]
        (parents,) = [words for words in said if words != "up"]
        assert len(list(tmp_path.glob("pymp-*"))) == 2
        process.kill()
        process.communicate(timeout=50)
    assert [str(folder) for folder in tmp_path.glob("pymp-*")] == [parents]


def test_children_leave_ctrl_c_to_their_parent(program):
    with program(POOL) as process:
        assert [process.stdout.readline() for _ in range(2)] == ["up\n"] * 2
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, complaints = process.communicate(timeout=50)
        assert time.monotonic() - began < 10
    assert complaints.count("Traceback") == 1, "the parent's own, and none of a child"


def test_nothing_is_imported_from_the_current_folder_first(program, tmp_path):
    shadow = tmp_path / "here"
    shadow.mkdir()
    for name in ("random", "signal", "struct", "tempfile"):
        (shadow / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    with program(POOL.replace("time.sleep, 60", "time.sleep, 0"), cwd=shadow) as process:
        assert process.communicate() == ("up\n" * 2, "")


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_tasks_of_a_block_that_fails_are_not_waited_for(error):
    began = time.monotonic()
    with pytest.raises(error), process_pool(1, get_context("spawn")) as submit:
        assert submit(abs, -3).result() == 3
        submit(time.sleep, 60)
        raise error
    assert time.monotonic() - began < 20


def test_the_environment_is_as_before():
    before = dict(os.environ)
    with process_pool(1, get_context("spawn")) as submit:
        assert submit(abs, -3).result() == 3
    assert dict(os.environ) == before


def test_a_process_that_is_ended_breaks_the_pool():
    with pytest.raises(BrokenProcessPool), process_pool(1, get_context("spawn")) as submit:
        submit(os._exit, 3).result()


def test_a_child_of_a_lifeline_ends_with_the_block():
    code = f"from tssd.processes import follow_input; follow_input(); {SLEEP}"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with lifeline() as stdin:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=stdin, stdout=subprocess.PIPE, env=environment
        )
        assert process.stdout.readline() == b"up\n"
        assert process.poll() is None
    assert process.wait(10) == 128 + signal.SIGTERM
    process.stdout.close()
