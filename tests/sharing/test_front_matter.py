from dataclasses import replace

import pytest
import yaml

from tssd.runs.files import read_run
from tssd.sharing.front_matter import began_with, front_matter, is_of_images


def head(run, results, licence="mit"):
    text = front_matter(run, results, licence=licence)
    assert text.startswith("---\n")
    assert text.endswith("\n---\n")
    return yaml.safe_load(text.strip("-\n"))


@pytest.fixture(scope="module")
def run(trained):
    return read_run(trained, name="net")


def test_the_hubs_own_library_reads_accuracy_and_n_of_every_t(run):
    repocard = pytest.importorskip("huggingface_hub.repocard_data")
    found = head(run, run.results)
    name, results = repocard.model_index_to_eval_results(found["model-index"])
    assert name == "net"
    evaluation = run.results.evaluated()
    assert [r.metric_value for r in results] == [round(a, 6) for a in evaluation.accuracy]
    assert [r.metric_args for r in results] == [{"T": t, "samples": 359} for t in range(1, 5)]
    assert {(r.task_type, r.dataset_type, r.dataset_split) for r in results} == {
        ("image-classification", "digits", "test")
    }
    assert results[0].dataset_args["split_hash"] == run.results.split_hash
    # What it would write itself is the same.
    assert repocard.eval_results_to_model_index(name, results) == found["model-index"]


def test_licence_library_tags_and_data_set(run):
    found = head(run, run.results)
    assert (found["license"], found["library_name"]) == ("mit", "tssd")
    assert found["pipeline_tag"] == "image-classification"
    assert "self-distillation" in found["tags"]
    assert "datasets" not in found  # the digits of scikit-learn are not on the hub
    fashion = head(run, replace(run.results, dataset="Fashion-MNIST"))
    assert fashion["datasets"] == ["zalando-datasets/fashion_mnist"]
    plain = head(replace(run, config="objectives: {}"), run.results, licence=None)
    assert "license" not in plain
    assert "self-distillation" not in plain["tags"]


@pytest.mark.parametrize(
    ("weights", "base"),
    [("hub:jane/first@v1", "jane/first"), ("hub:digits-vgg9", None), ("first", None)],
)
def test_a_network_of_the_hub_that_a_training_began_with_is_its_base_model(run, weights, base):
    tuned = replace(run, environment={"init": {"weights": weights, "fingerprint": "ab"}})
    assert head(tuned, run.results).get("base_model") == base
    assert began_with(tuned) == weights


def test_recordings_are_no_images(run):
    assert [
        is_of_images({"sample_shape": shape})
        for shape in ([1, 8, 8], [3, 32, 32], [2, 34, 34], [1, 1, 1], None)
    ] == [True, True, False, False, False]
    found = head(replace(run, model={"sample_shape": [2, 34, 34]}), run.results)
    assert "pipeline_tag" not in found
    assert found["model-index"][0]["results"][0]["task"]["type"] == "other"


@pytest.mark.parametrize(
    ("shape", "given", "name"),
    [
        ([3, 32, 32], "image", "Image classification"),
        ([3, 32, 32], "frames", "Classification of event recordings"),
        ([40, 1, 1], "image", "Classification"),
    ],
)
def test_samples_of_a_dataset_are_what_they_are(run, shape, given, name):
    found = head(replace(run, model={"sample_shape": shape, "as_given": given}), run.results)
    assert found["model-index"][0]["results"][0]["task"]["name"] == name
    assert ("pipeline_tag" in found) == name.startswith("Image")
