import json
import shutil

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from tssd.config.runs import load, load_parts, read_model
from tssd.errors import DataError
from tssd.training.run_folder import RunFolder


@pytest.fixture
def run(trained, tmp_path):
    """A copy that may be damaged."""
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


def test_load_gives_the_trained_network(trained):
    net = load(trained)
    assert not net.training
    weights = load_file(RunFolder(trained).weights)
    assert all(torch.equal(value, weights[name]) for name, value in net.state_dict().items())


def test_load_needs_neither_data_nor_objectives(run):
    config = yaml.safe_load(run.config.read_text())
    config["data"] = {"class_path": "gone.Data"}
    config["objectives"] = {}
    run.config.write_text(yaml.safe_dump(config))
    assert load(run.path).num_classes == 10


def test_load_parts_has_the_best_weights_of_net_and_exits(trained):
    parts = load_parts(trained, [("data.batch_size", "7")])
    assert parts.data.batch_size == 7
    expected = load_file(RunFolder(trained).weights) | load_file(RunFolder(trained).exits)
    found = parts.net.state_dict() | parts.criterion.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


def test_read_model_says_what_is_needed_to_classify(trained):
    model = read_model(RunFolder(trained))
    assert model["class_names"] == list("0123456789")
    assert model["sample_shape"] == [1, 16, 16]
    assert model["timesteps"] == {"student": 2, "teacher": 4}


@pytest.mark.parametrize("read", [load, lambda path: load_parts(path, [])])
def test_an_unfinished_run_names_the_remedy(run, read):
    for file in (run.model, run.weights, run.results):
        file.unlink()
    with pytest.raises(DataError, match=r"no trained network.*`tssd train .*run --resume`"):
        read(run.path)


@pytest.mark.parametrize("text", ["{", "[]", "5", "{}", "null", '{"net": {}}'])
def test_a_damaged_model_json_is_named(run, text):
    run.model.write_text(text)
    with pytest.raises(DataError, match=r"model\.json: damaged \("):
        load(run.path)


def test_a_model_json_that_names_no_network(run):
    model = json.loads(run.model.read_text())
    model["net"]["class_path"] = "tssd.models.vgg11"
    run.model.write_text(json.dumps(model))
    with pytest.raises(DataError, match=r"model\.json: .*tssd\.models\.vgg11 does not exist"):
        load(run.path)


@pytest.mark.parametrize("text", ["a: [1", "- 1", ""])
def test_a_damaged_config_is_named(run, text):
    run.config.write_text(text)
    with pytest.raises(DataError, match=r"config\.yaml: damaged \("):
        load_parts(run.path, [])


def test_truncated_weights_are_named(run):
    run.weights.write_bytes(run.weights.read_bytes()[:100])
    with pytest.raises(DataError, match=r"model\.safetensors: damaged"):
        load(run.path)


def test_weights_of_another_network_name_the_first_mismatch(run):
    weights = load_file(run.weights)
    save_file(weights | {"head.2.weight": torch.zeros(10, 99)}, run.weights)
    with pytest.raises(DataError, match=r"head\.2\.weight has shape \[10, 99\], expected \[10"):
        load(run.path)
    del weights["head.2.weight"]
    save_file(weights, run.weights)
    with pytest.raises(DataError, match=r"head\.2\.weight is missing"):
        load(run.path)


def test_what_is_no_run_folder(tmp_path):
    with pytest.raises(DataError, match="gone: no such folder"):
        load(tmp_path / "gone")
    with pytest.raises(DataError, match="not a run folder"):
        load(tmp_path)


def test_nothing_in_a_run_folder_is_code(run):
    run.config.write_text("!!python/object/apply:os.system ['touch hacked']")
    with pytest.raises(DataError, match=r"config\.yaml: damaged"):
        load_parts(run.path, [])
