import os
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

import tssd

FULL = Path("/dev/full")


def test_what_does_not_train_imports_nothing_that_does():
    # Lightning alone takes seconds to import.
    code = """
import sys
from tssd.cli import main
assert main(["--help"]) == main(["recipes"]) == 0
print([name for name in ("torch", "lightning", "matplotlib", "sklearn") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("[]\n"), done.stdout[-200:] + done.stderr


def test_python_m_tssd_is_tssd_and_minds_no_reader_that_leaves():
    command = [sys.executable, "-m", "tssd", "recipes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()  # as `| head -0` does
        complaints = process.stderr.read()
    assert (process.returncode, complaints) == (0, b"")


def test_python_m_tssd_imports_nothing_from_the_current_folder_first(tmp_path):
    for name in ("random", "yaml", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "tssd", "recipes"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_others_would_like_to_import_is_not_looked_for_in_the_current_folder(tmp_path):
    # torch, jsonargparse and rich try to import these, which are seldom installed.
    for name in ("dill", "pandas", "omegaconf", "toml", "ipywidgets", "opt_einsum", "psutil"):
        if find_spec(name) is None:
            (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger ran')")
    (tmp_path / "mine.yaml").write_text("extends: [digits/tssd]\nnet: beside.Net\n")
    (tmp_path / "beside.py").write_text("raise SystemExit('mine ran')")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    code = """
import sys
from tssd.cli import main
print([main(["train", recipe, "--help"]) for recipe in ("digits/tssd", "mine.yaml")])
"""
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.endswith("[0, 2]\n"), done.stderr
    assert "beside cannot be" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs descriptors of Unix")
@pytest.mark.parametrize(("closed", "said"), [(0, False), (1, True), (2, False)])
def test_a_closed_stream_is_no_accident(closed, said):
    command = [sys.executable, "-m", "tssd", "recipes"]
    script = f"exec {shlex.join(command)} {closed}>&-"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert ("digits" in done.stdout) == (closed != 1)
    assert done.stderr.count("\n") == said
    assert ("standard output is closed" in done.stderr) == said


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_output_that_fits_nowhere_is_one_line():
    command = [sys.executable, "-m", "tssd", "recipes"]
    with FULL.open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("tssd: ") and done.stderr.count("\n") == 1


def test_every_public_name_is_there_and_is_listed():
    assert set(tssd.__all__) <= set(dir(tssd))
    for name in tssd.__all__:
        assert getattr(tssd, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'LIFF'"):
        tssd.LIFF  # noqa: B018 - the access is what is tested


def test_parts_are_there_without_an_import_of_their_own():
    # In a fresh process: here the tests have imported them.
    script = (
        "import tssd; assert tssd.rules.SLTT() and tssd.evaluation.evaluate; "
        "assert not hasattr(tssd, 'rule') and not hasattr(tssd, '__main__')"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_version_is_that_of_the_installed_package():
    try:
        installed = version("tssd")
    except PackageNotFoundError:
        installed = "unknown"
    assert tssd.__version__ == installed
