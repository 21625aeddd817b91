import json
import sys

import pytest


def test_it_prints_what_came_out_and_writes_into_the_run(tssd, trained, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra: pip install tssd[onnx]")
    words = ("--format", "onnx", "--output", "out", "--timesteps", "2", "--samples", "5")
    outcome = tssd("export", trained, *words)
    assert (outcome.code, outcome.err) == (0, "")
    assert "359 test samples" in outcome.out
    assert "faithful: on 5 samples at T = 2, none of" in outcome.out
    assert "written: out (export.json, step.onnx, unrolled.onnx; " in outcome.out
    assert len(json.loads((tmp_path / "out" / "export.json").read_text())["accuracy"]) == 2
    assert tssd("export", trained, *words).code == 1  # it is there already


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ([], "export: no run folder given"),
        (["run"], "export: no --format given, expected one of engine, nir, onnx, torch"),
        (["run", "--format", "onx"], "--format: got 'onx'; did you mean onnx?"),
        (["run", "--format", "torch", "--weights", "int4"], "--weights: invalid choice: 'int4'"),
        (
            ["run", "--format", "torch", "--timesteps", "0"],
            "--timesteps: got '0', expected a whole",
        ),
        (["run", "--format", "torch", "--timesteps", "1001"], "--timesteps: got 1001, expected 1"),
        (["run", "--format", "torch", "--net.width", "2"], "--net.width: a trained run keeps it"),
        (["hub:digits-vgg9", "--format", "torch"], "is not yours to write to; give --output"),
    ],
)
def test_mistakes(tssd, words, mistake):
    outcome = tssd("export", *words)
    assert outcome.code == 2
    assert mistake in outcome.mistake


def test_a_missing_extra_is_named_before_anything_is_read(tssd, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    for module in ("onnx", "onnx_graphs", "onnx_nodes"):
        monkeypatch.delitem(sys.modules, f"tssd.exporting.{module}", raising=False)
    outcome = tssd("export", "no_such_run", "--format", "onnx")
    assert outcome.code == 2
    assert outcome.mistake.endswith("is not installed: pip install 'tssd[onnx]'")


def test_a_run_that_is_not_there(tssd):
    outcome = tssd("export", "no_such_run", "--format", "torch")
    assert outcome.code == 1
    assert "no_such_run: no such folder" in outcome.mistake
