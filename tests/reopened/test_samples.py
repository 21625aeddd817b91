import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from tssd.config import build, load_recipe
from tssd.errors import DataError, UsageError
from tssd.evaluation.traces import trace
from tssd.reopened import samples as report_samples
from tssd.reopened.load import load
from tssd.reopened.samples import device_in_words, one_of_each, show_samples, visible
from tssd.report.html import Samples
from tssd.time import repeat_in_time, running_mean


@pytest.fixture(scope="module")
def found(trained):
    return show_samples({"a": trained, "b": trained}, [], count=12)


def test_samples_are_the_first_of_each_class(found, trained, tiny):
    data = build(load_recipe("digits/tssd", tiny)).data
    x, y = data.dataset("test").__getitems__(list(range(len(data.split.test))))
    first = [int((y == k).nonzero()[0]) for k in range(10)]
    second = [int((y == k).nonzero()[1]) for k in range(2)]
    labels = [sample.label for sample in found["a"].samples]
    assert labels == [data.class_names[k] for k in [*range(10), 0, 1]]
    with torch.no_grad():
        logits = load(trained)(repeat_in_time(x[first + second], 4)).logits
    share, best = running_mean(logits.double()).softmax(-1).max(-1)
    for n, sample in enumerate(found["a"].samples):
        assert sample.predicted == [data.class_names[k] for k in best[:, n].tolist()]
        assert sample.confidence == pytest.approx(share[:, n].tolist(), abs=1e-5)
        assert sample.image.shape == (16, 16, 3)
        assert all(maps.shape[0] == 4 for maps in sample.maps.values())


def test_a_network_that_is_damaged_is_told_and_t_can_be_chosen(trained, tmp_path):
    damaged = shutil.copytree(trained, tmp_path / "run")
    (damaged / "model.safetensors").write_bytes(b"no")
    seen = show_samples({"a": trained, "b": damaged}, [], count=1, at=1)
    assert seen["a"].student == 1
    assert "model.safetensors: damaged" in seen["b"]


def test_samples_of_data_that_has_changed_are_told_of(trained, tmp_path, caplog):
    run = shutil.copytree(trained, tmp_path / "run")
    show_samples({"a": run}, [], count=1)
    assert not caplog.messages
    model = json.loads((run / "model.json").read_text())
    (run / "model.json").write_text(json.dumps(model | {"content_hash": "0123456789ab"}))
    show_samples({"a": run}, [], count=1)
    (told,) = caplog.messages
    assert "the data has changed since the run was trained: content_hash was 0123456789ab" in told


def test_a_t_that_is_too_long_is_refused(trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    config = run / "config.yaml"
    text = config.read_text()
    assert "evaluate_timesteps: null" in text
    config.write_text(text.replace("evaluate_timesteps: null", "evaluate_timesteps: 100000"))
    with pytest.raises(UsageError, match="timesteps: got 100000, expected 1 to 1000"):
        show_samples({"a": run}, [], count=1)


def test_the_same_network_does_the_same(found):
    assert isinstance(found["a"], Samples)
    for ours, theirs in zip(found["a"].samples, found["b"].samples, strict=True):
        assert (ours.predicted, ours.label) == (theirs.predicted, theirs.label)
    assert len(found["a"].latency_ms) == 4
    assert found["a"].student == 2


def test_images_are_shown_as_they_were_stored(tiny):
    data = build(load_recipe("digits/tssd", tiny)).data
    x, _ = data.dataset("test").__getitems__([0, 1])
    stored = data.samples("test")[torch.tensor([0, 1])]
    shown = visible(repeat_in_time(x, 3), data.mean, data.std)
    for image, original in zip(shown, stored, strict=True):
        assert np.array_equal(image[..., 0], original[0].numpy())
        assert np.array_equal(image[..., 0], image[..., 2])


def test_events_are_shown_in_two_colours():
    x = torch.zeros(3, 1, 2, 4, 4)
    x[1, 0, 1, 2, 3] = 5
    (image,) = visible(x, (0.0, 0.0), (1.0, 1.0))
    assert image.shape == (4, 4, 3)
    assert (image[0, 0] == 255).all()
    assert (image[2, 3] != 255).any()


def test_classes_take_turns():
    labels = np.array([2, 2, 0, 1, 0, 2])
    assert one_of_each(labels, 4).tolist() == [2, 3, 0, 4]
    assert one_of_each(labels, 99).tolist() == [2, 3, 0, 4, 1, 5]


def test_a_run_without_any_weights_is_refused(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    (folder / "model.safetensors").unlink()
    shutil.rmtree(folder / "checkpoints")
    with pytest.raises(DataError, match="no trained network in it yet"):
        show_samples({"": folder}, [], count=1)


def test_logits_that_are_no_numbers_are_not_shown(trained, monkeypatch):
    def broken(net, x):
        made = trace(net, x)
        return replace(made, confidence=made.confidence * float("nan"))

    monkeypatch.setattr(report_samples, "trace", broken)
    assert "logits: got NaN or infinity" in show_samples({"": trained}, [], count=1)[""]


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_a_device_in_words(threads):
    threads(1)
    assert device_in_words(torch.device("cpu")) == "cpu, 1 thread"
    threads(2)
    assert device_in_words(torch.device("cpu")) == "cpu, 2 threads"
    assert device_in_words(torch.device("meta")) == "meta"


def test_spike_trains_are_shown_as_a_raster():
    x = torch.zeros(3, 2, 5, 1, 1)
    x[1, 0, 4] = 1
    first, second = visible(x, (0.0,) * 5, (1.0,) * 5)
    assert first.shape == (5, 3, 3)
    # The last unit is on top, time goes to the right.
    assert np.argwhere(first[..., 0] == 0).tolist() == [[0, 1]]
    assert (second == 255).all()
