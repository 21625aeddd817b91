"""Running what readers would paste."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import pytest
import torch

from .pages import ROOT

Paste = Callable[[str, str, int], dict[str, Any]]


@pytest.fixture
def paste(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paste]:
    """Runs one piece of code after the other, all in one module: paste(code, file, first line).

    The reader stands in an empty folder, and the parts of examples/extend can be imported. What a
    traceback says of the place is true. A library of the extras that is not here skips the test.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "examples" / "extend")
    # A module of its own, so that classes can be pickled and data classes find themselves.
    module = ModuleType("pasted")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def run(code: str, file: str, line: int) -> dict[str, Any]:
        try:
            exec(compile("\n" * (line - 1) + code, file, "exec"), vars(module))
        except ModuleNotFoundError as error:
            if error.name not in ("spikingjelly", "snntorch"):
                raise
            pytest.skip("needs the extra: pip install tssd[interop]")
        return vars(module)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield run
    plt.close("all")
