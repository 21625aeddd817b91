import sys

import pytest

from tssd.errors import UsageError
from tssd.exporting.formats import FORMATS, entry_of, format_of


def test_a_format_is_a_module_that_writes_and_runs():
    found = format_of("torch")
    assert found is sys.modules["tssd.exporting.torch"]
    assert callable(found.write) and callable(found.run)


def test_an_unknown_format_has_a_nearest_one():
    with pytest.raises(UsageError, match=r"--format: got 'onx'; did you mean onnx\?"):
        entry_of("onx")
    with pytest.raises(UsageError, match="valid are engine, nir, onnx, torch"):
        format_of("gguf")


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "tssd.exporting.onnx", raising=False)
    monkeypatch.delitem(sys.modules, "tssd.exporting.onnx_graphs", raising=False)
    with pytest.raises(UsageError) as caught:
        format_of("onnx")
    said = "--format onnx: onnx, which it needs, is not installed: pip install 'tssd[onnx]'"
    assert str(caught.value) == said


def test_the_default_weights_are_what_was_trained():
    assert {entry.weights[0] for entry in FORMATS.values()} == {"float32"}
