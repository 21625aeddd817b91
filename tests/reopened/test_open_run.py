import json
import shutil

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tssd.data import Digits
from tssd.errors import DataError, UsageError
from tssd.reopened.load import load
from tssd.reopened.open_run import load_parts, model_of
from tssd.runs.folder import RunFolder


@pytest.fixture
def run(trained, tmp_path):
    """A copy that may be damaged."""
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


def test_load_parts_has_the_best_weights_of_net_and_exits(trained):
    parts = load_parts(trained, [("data.batch_size", "7")])
    assert parts.data.batch_size == 7
    expected = load_file(RunFolder(trained).weights) | load_file(RunFolder(trained).exits)
    found = parts.net.state_dict() | parts.criterion.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


def test_model_says_what_is_needed_to_classify(trained):
    model = model_of(RunFolder(trained))
    assert model.class_names == tuple("0123456789")
    assert model.sample_shape == (1, 16, 16)
    assert (model.timesteps.student, model.timesteps.teacher) == (2, 4)
    assert model.split_hash == RunFolder(trained).read_results().split_hash


READERS = [load, lambda path: load_parts(path, [])]


@pytest.mark.parametrize("read", READERS)
def test_a_run_without_any_weights_names_the_remedy(run, read):
    for file in (run.model, run.weights, run.results, run.last, run.best):
        file.unlink(missing_ok=True)
    with pytest.raises(DataError, match=r"no trained network.*`tssd train .*run --resume`"):
        read(run.path)


@pytest.mark.parametrize("text", ["a: [1", "- 1", ""])
def test_a_damaged_config_is_named(run, text):
    run.config.write_text(text)
    with pytest.raises(DataError, match=r"config\.yaml: damaged \("):
        load_parts(run.path, [])


def test_nothing_in_a_run_folder_is_code(run):
    run.config.write_text("!!python/object/apply:os.system ['touch hacked']")
    with pytest.raises(DataError, match=r"config\.yaml: damaged"):
        load_parts(run.path, [])


@pytest.mark.parametrize("has_model", [True, False])
def test_an_unfinished_run_is_as_good_as_its_checkpoint(run, has_model):
    whole = load(run.path, epoch="last")
    for file in (run.results, run.weights, run.exits, *([] if has_model else [run.model])):
        file.unlink()
    config = run.config.read_text()
    run.config.write_text(config.replace("epochs: 1", "epochs: 40"))
    net = load(run.path)
    assert net.unfinished == "epoch 1 of 40"
    images = Digits().samples("test")[:20]
    assert torch.equal(net.predict(images).confidences, whole.predict(images).confidences)
    assert net.class_names == whole.class_names
    parts = load_parts(run.path, [])
    assert len(parts.criterion.state_dict()) > 0
    assert torch.equal(parts.net.head[2].weight, whole.net.head[2].weight)


def test_what_is_not_ours_is_refused_before_it_is_imported(run, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_neurons.py").write_text(
        "from pathlib import Path\n"
        "from tssd.neurons import LIF\n"
        f"Path({str(tmp_path)!r}, 'imported').touch()\n"
        "def neuron() -> LIF:\n    return LIF()\n"
    )
    model, config = json.loads(run.model.read_text()), yaml.safe_load(run.config.read_text())
    for section in (model["net"], config["net"], config["exits"]):
        section["init_args"]["neuron"] = "own_neurons.neuron"
    run.model.write_text(json.dumps(model))
    for read in READERS:
        run.config.write_text(yaml.safe_dump(config))
        with pytest.raises((DataError, UsageError), match="--trust own_neurons ") as error:
            read(run.path)
        assert "own_neurons was not imported" in str(error.value)
    assert not (tmp_path / "imported").exists()
    assert load(run.path, trust=["own_neurons"])
    assert (tmp_path / "imported").exists()


def test_a_run_of_another_machine_is_read_here(run, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    config = yaml.safe_load(run.config.read_text())
    config["trainer"] |= {"accelerator": "cuda", "precision": "16-mixed", "compile": True}
    run.config.write_text(yaml.safe_dump(config))
    parts = load_parts(run.path, [])
    assert (parts.device.type, parts.trainer.precision) == ("cpu", "32-true")
    with pytest.raises(UsageError, match="cuda was asked for"):
        load_parts(run.path, [("trainer.accelerator", "cuda")])
