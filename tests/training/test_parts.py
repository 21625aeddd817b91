import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import TaskCrossEntropy

from .runs import small


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 4),
        ({"timesteps.teacher": 3}, 4),
        ({"timesteps.teacher": 6}, 6),
        ({"timesteps.teacher": 6, "trainer.evaluate_timesteps": 2}, 2),
    ],
)
def test_timesteps_to_evaluate_at(options, expected):
    assert small(options).evaluate_timesteps == expected


def test_module_has_the_weights_of_net_and_exits():
    parts = small({"trainer.accelerator": "cpu"})
    names = {name.split(".")[0] for name, _ in parts.module().named_parameters()}
    assert names == {"net", "criterion"}
    assert parts.device == torch.device("cpu")


def test_membranes_of_a_compiled_network_are_refused_at_once(monkeypatch):
    monkeypatch.setattr(TaskCrossEntropy, "needs_membranes", True)
    with pytest.raises(UsageError, match="^trainer.compile: objectives.task needs membranes, and"):
        small({"trainer.compile": True})
