import json

import pytest

from tssd.exporting.facts import facts_of
from tssd.objectives import Timesteps
from tssd.trained.model_file import Model


def model(**changed):
    given = {
        "net": {},
        "timesteps": Timesteps(student=1, teacher=4),
        "class_names": ("a", "b"),
        "sample_shape": (3, 8, 8),
        "mean": (0.1, 0.2, 0.3),
        "std": (1.0, 1.0, 1.0),
        "split_hash": "abc",
    }
    return Model(**given | changed)


def facts(run="/somebody/runs/mine", **changed):
    return facts_of(model(**changed), run=run, epoch=3, name="onnx", weights="float32")


def test_facts_are_plain_and_say_nothing_of_the_machine():
    found = facts()
    assert json.loads(json.dumps(found)) == found
    assert found["run"] == "mine" and "somebody" not in json.dumps(found)
    assert found["mean"] == [0.1, 0.2, 0.3]
    assert found["trained_timesteps"] == {"student": 1, "teacher": 4}
    assert (found["split_hash"], found["epoch"], found["format"]) == ("abc", 3, "onnx")


def test_a_colon_in_a_path_makes_no_name_on_the_hub_of_it():
    assert facts("/somebody/runs/2026-11-30 12:30/seed0")["run"] == "seed0"


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, "image"),
        ({"as_given": "frames"}, "frames"),
        ({"as_given": "image"}, "image"),
        ({"sample_shape": (2, 8, 8), "mean": (0.0, 0.0), "std": (1.0, 1.0)}, "frames"),
    ],
)
def test_it_says_whether_one_input_is_shown_at_every_timestep(changed, kind):
    assert facts(**changed)["input"] == kind


def test_a_name_on_the_hub_stays_whole():
    found = facts_of(model(), run="hub:digits", epoch=None, name="onnx", weights="float32")
    assert found["run"] == "hub:digits"
