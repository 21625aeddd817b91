"""Which backend runs."""

import pytest

from tssd.engine.backends import backend_named
from tssd.errors import UsageError


def test_without_numba_the_numpy_path_runs(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert backend_named(None) == "numpy"
    with pytest.raises(UsageError, match=r"pip install tssd\[engine\]"):
        backend_named("numba")


def test_with_numba_it_runs(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    assert [backend_named(name) for name in (None, "numpy")] == ["numba", "numpy"]


def test_an_unknown_one_is_refused():
    with pytest.raises(UsageError, match="expected one of numba, numpy"):
        backend_named("cuda")
