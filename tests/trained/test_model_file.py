import json

import pytest

from tssd.errors import DataError
from tssd.objectives import Timesteps
from tssd.trained.model_file import read_model

SOUND = {
    "net": {"class_path": "tssd.models.vgg9"},
    "timesteps": {"student": 2, "teacher": 4},
    "class_names": ["a", "b"],
    "sample_shape": [3, 16, 16],
    "mean": [0.5, 0, 1],
    "std": [0.5, 1, 0.25],
}


@pytest.fixture
def model(tmp_path):
    def model(content):
        path = tmp_path / "model.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read_model(path)

    return model


def test_a_sound_file(model, tmp_path):
    found = model(SOUND | {"split_hash": "abc", "more": 1})
    assert (found.net, found.timesteps) == (SOUND["net"], Timesteps(2, 4))
    assert (found.class_names, found.sample_shape) == (("a", "b"), (3, 16, 16))
    assert (found.mean, found.std) == ((0.5, 0.0, 1.0), (0.5, 1.0, 0.25))
    assert (found.split_hash, found.content_hash, found.sensor) == ("abc", None, None)
    assert not found.is_of_events
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "gone.json")


def test_frames_of_events_are_told_by_their_channels_and_their_normalisation(model):
    events = {"sample_shape": [2, 34, 34], "mean": [0.0, 0.0], "std": [1.0, 1.0]}
    assert model(SOUND | events).is_of_events
    assert model(SOUND | events | {"sensor": [480, 640]}).sensor == (480, 640)
    assert not model(SOUND | events | {"std": [1.0, 0.5]}).is_of_events


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("net", "tssd.models.vgg9"),
        ("net", None),
        ("timesteps", 4),
        ("timesteps", {"student": 2}),
        ("timesteps", {"student": 0, "teacher": 4}),
        ("timesteps", {"student": 5, "teacher": 4}),
        ("timesteps", {"student": 1, "teacher": 10**9}),
        ("timesteps", {"student": 1.0, "teacher": 4}),
        ("timesteps", {"student": True, "teacher": 4}),
        ("timesteps", {"student": 1, "teacher": 4, "more": 1}),
        ("class_names", []),
        ("class_names", "ab"),
        ("class_names", ["a", 1]),
        ("class_names", ["a", "a"]),
        ("sample_shape", [16, 16]),
        ("sample_shape", [3, 16, 16.0]),
        ("sample_shape", [3, 16, -1]),
        ("sample_shape", [3, 10**9, 10**9]),
        ("mean", [0.5]),
        ("mean", [0.5, float("nan"), 1]),
        ("mean", 0.5),
        ("mean", [0.5, 10**400, 1]),
        ("std", [0.5, 0, 1]),
        ("std", [0.5, float("inf"), 1]),
        ("std", [0.5, "1", 1]),
        ("crop_share", 0),
        ("crop_share", "all"),
        ("sensor", [128]),
        ("sensor", [128, 0]),
        ("sensor", [128, 10**9]),
        ("sensor", 128),
    ],
)
def test_a_wrong_value_is_named(model, key, value):
    with pytest.raises(DataError, match=rf"model\.json: damaged \({key}.*; restore it") as error:
        model(SOUND | {key: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", SOUND)
def test_a_missing_value_is_named(model, key):
    with pytest.raises(DataError, match=rf"damaged \(it has no {key}\)"):
        model({name: value for name, value in SOUND.items() if name != key})


@pytest.mark.parametrize("text", ["{", "[]", "5", "null", "[" * 10_000, '{"a": ' * 10_000])
def test_a_damaged_file_is_named(model, text):
    with pytest.raises(DataError, match=r"model\.json: damaged \(") as error:
        model(text)
    assert "\n" not in str(error.value)
