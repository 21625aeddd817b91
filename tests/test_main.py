import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

import tssd


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


def test_every_public_name_is_there_and_is_listed():
    assert set(tssd.__all__) <= set(dir(tssd))
    for name in tssd.__all__:
        assert getattr(tssd, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'LIFF'"):
        tssd.LIFF  # noqa: B018 - the access is what is tested


def test_the_version_is_that_of_the_installed_package():
    try:
        installed = version("tssd")
    except PackageNotFoundError:
        installed = "unknown"
    assert tssd.__version__ == installed
