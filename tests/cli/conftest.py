import re
import sys
from typing import NamedTuple

import pytest


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def mistake(self):
        """The one line on standard error, without the name of the program."""
        assert self.out == "", self.out
        found = re.fullmatch(r"tssd: (.*)\n", self.err)
        assert found, f"not one line: {self.err!r}"
        return found[1]


@pytest.fixture
def tssd(capsys, monkeypatch, tmp_path):
    """Runs a command line in an empty folder."""
    from tssd.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "path", [*sys.path])

    def tssd(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Outcome(code, *capsys.readouterr())

    return tssd


@pytest.fixture(scope="session")
def tiny_words(tiny):
    return [f"--{name}={value}" for name, value in tiny]
