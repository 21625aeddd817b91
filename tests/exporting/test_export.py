import json
import shutil

import pytest
from torch import nn

pytest.importorskip("onnxruntime", reason="needs the extra: pip install tssd[onnx]")
from tssd.errors import DataError, UsageError  # noqa: E402
from tssd.exporting.export import FACTS, export  # noqa: E402
from tssd.exporting.request import UnsupportedError  # noqa: E402


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """The run in ONNX with its exit, and what was found."""
    folder = tmp_path_factory.mktemp("exported") / "onnx"
    return folder, export(str(trained), "onnx", folder, exits=True, samples=100)


def test_onnxruntime_has_the_logits_of_the_network_on_a_hundred_samples(exported):
    _, made = exported
    assert made.comparison.samples == 100
    assert made.comparison.label == "faithful"
    assert made.comparison.logits_difference <= 1e-4
    assert made.comparison.exits_difference <= 1e-4


def test_accuracy_is_measured_at_every_t_on_what_was_written(exported, trained):
    _, made = exported
    results = json.loads((trained / "results.json").read_text())
    assert made.measured.samples == 359
    assert made.measured.accuracy_of_network == pytest.approx(results["best"]["accuracy"])
    assert made.measured.accuracy == made.measured.accuracy_of_network


def test_bars_say_how_far_it_is(trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = [("trainer.progress", "true")]
    export(str(trained), "onnx", tmp_path / "onnx", shown, samples=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert all(said in captured.err for said in ("compare", "measure", "100%"))


def test_the_facts_are_in_every_file_and_beside_them(exported):
    import onnx

    folder, made = exported
    assert {*made.files} == {"export.json", "step.onnx", "unrolled.onnx"}
    facts = json.loads((folder / FACTS).read_text())
    assert facts["label"] == "faithful"
    assert facts["accuracy"] == list(made.measured.accuracy)
    assert facts["split_hash"] and len(facts["class_names"]) == 10
    for name in ("step.onnx", "unrolled.onnx"):
        (inside,) = onnx.load(folder / name).metadata_props
        assert {k: v for k, v in json.loads(inside.value).items() if k != "state"} == facts


def test_what_is_there_already_stays(exported, trained):
    folder, _ = exported
    with pytest.raises(DataError, match="it is there already"):
        export(str(trained), "onnx", folder)


def test_weights_that_a_format_does_not_have_are_refused(trained, tmp_path):
    with pytest.raises(UsageError, match="--weights: got int8, but --format torch has float32"):
        export(str(trained), "torch", tmp_path / "out", weights="int8")


def test_a_run_that_is_not_finished_is_refused(trained, tmp_path):
    unfinished = tmp_path / "run"
    shutil.copytree(trained, unfinished)
    (unfinished / "results.json").unlink()
    with pytest.raises(DataError, match=r"not finished \(.*\); continue it with `tssd train"):
        export(str(unfinished), "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_format_cannot_say_leaves_nothing(trained, tmp_path, monkeypatch):
    class Refusing:
        def write(self, *_):
            raise UnsupportedError("node 'head.2' (linear): why")

    monkeypatch.setattr("tssd.exporting.export.format_of", lambda name: Refusing())
    with pytest.raises(UnsupportedError, match="unsupported in onnx: node 'head.2'"):
        export(str(trained), "onnx", tmp_path / "out")
    assert [*tmp_path.iterdir()] == []


def test_a_layer_without_an_operation_is_named_with_the_run(trained, tmp_path, monkeypatch):
    from tssd.exporting import export as exporting

    def refuse(*_, **__):
        raise UsageError("stages.0.0.2 (GLIF): its gains differ")

    monkeypatch.setattr(exporting, "lower", refuse)
    with pytest.raises(UnsupportedError, match=r"run: unsupported: stages\.0\.0\.2 \(GLIF\)"):
        export(str(trained), "onnx", tmp_path / "out")


def test_a_network_in_the_place_of_a_run_is_told_what_exports_it(tmp_path):
    with pytest.raises(UsageError, match=r"^run: got a Linear, expected a run folder .*lower"):
        export(nn.Linear(2, 2), "engine", tmp_path / "out")
    assert not (tmp_path / "out").exists()
