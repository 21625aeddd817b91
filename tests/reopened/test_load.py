import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from tssd.data import Digits
from tssd.errors import DataError, UsageError
from tssd.reopened.load import load
from tssd.runs.folder import RunFolder
from tssd.time import repeat_in_time


@pytest.fixture
def run(trained, tmp_path):
    """A copy that may be damaged."""
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


def test_load_gives_the_trained_network(trained):
    trained_net = load(trained)
    assert not trained_net.training
    weights = load_file(RunFolder(trained).weights)
    net = trained_net.net
    assert all(torch.equal(value, weights[name]) for name, value in net.state_dict().items())
    assert (trained_net.unfinished, trained_net.epoch, trained_net.num_classes) == (None, 1, 10)


def test_predict_has_the_accuracy_of_the_results_to_the_sample(trained):
    data, net = Digits(), load(trained)
    images, labels = data.samples("test"), data.dataset("test").labels
    results = RunFolder(trained).read_results()
    right = [round(share * len(labels)) for share in results.evaluated().accuracy]
    for raw in (images, images / 255):
        found = net.predict(raw)
        assert (found.classes == labels).sum(1).tolist() == right
    logits = net(repeat_in_time(net.transform(images), 2)).logits.mean(0)
    assert int((logits.argmax(1) == labels).sum()) == right[1]


def test_load_imports_no_trainer(trained):
    heavy = ["lightning", "torchmetrics", "sklearn", "matplotlib", "torchvision", "pandas"]
    program = (
        "import sys, tssd, torch\n"
        "net = tssd.load(sys.argv[1])\n"
        "net.predict(torch.zeros(2, 1, 16, 16))\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    words = [sys.executable, "-c", program, str(trained)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_load_needs_neither_data_nor_objectives(run):
    config = yaml.safe_load(run.config.read_text())
    config["data"] = {"class_path": "gone.Data"}
    config["objectives"] = {}
    run.config.write_text(yaml.safe_dump(config))
    assert load(run.path).num_classes == 10


@pytest.mark.parametrize("text", ["{", "[]", "5", "{}", "null", '{"net": {}}'])
def test_a_damaged_model_json_is_named(run, text):
    run.model.write_text(text)
    with pytest.raises(DataError, match=r"model\.json: damaged \("):
        load(run.path)


def test_a_model_json_that_names_no_network(run):
    model = json.loads(run.model.read_text())
    model["net"]["class_path"] = "tssd.models.vgg99"
    run.model.write_text(json.dumps(model))
    with pytest.raises(DataError, match=r"model\.json: .*tssd\.models\.vgg99 does not exist"):
        load(run.path)


def test_truncated_weights_are_named(run):
    run.weights.write_bytes(run.weights.read_bytes()[:100])
    with pytest.raises(DataError, match=r"model\.safetensors: damaged"):
        load(run.path)


def test_weights_of_another_network_name_the_first_mismatch(run):
    run.write_results(replace(run.read_results(), sha256={}))  # as of an earlier version
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


@pytest.mark.parametrize("width", [1e9, 50.0])
def test_a_width_that_no_memory_holds_is_refused_before_it_is_taken(run, width):
    model = json.loads(run.model.read_text())
    model["net"]["init_args"]["width"] = width
    run.model.write_text(json.dumps(model))
    with pytest.raises(DataError, match=r"model"):
        load(run.path)


def test_other_names_than_the_network_has_outputs(run):
    model = json.loads(run.model.read_text())
    run.model.write_text(json.dumps(model | {"class_names": ["a", "b"]}))
    with pytest.raises(DataError, match=r"the network has 10 classes, but class_names has 2"):
        load(run.path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epoch": "first"}, r"^epoch: got 'first', expected 'best', 'last', the number of"),
        ({"device": "abacus"}, r"^device: got 'abacus', and torch says: "),
    ],
)
def test_options_of_load_that_do_not_exist(trained, options, message):
    with pytest.raises(UsageError, match=message):
        load(trained, **options)
