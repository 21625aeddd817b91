import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import TaskCrossEntropy
from tssd.training import parts as module

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


def test_a_network_has_to_decide_at_the_t_that_it_is_meant_for():
    options = {"net.neuron": "tssd.neurons.QCFS", "net.neuron.pre_steps": 2}
    with pytest.raises(UsageError, match="timesteps.student: got 2, but .*student: 3"):
        small(options)
    assert small(options | {"net.neuron.pre_steps": 1}).net.pre_steps.pre_steps == 1


@pytest.mark.parametrize(
    ("wanted", "device", "free", "placed"),
    [
        ("auto", "cpu", 0, False),
        ("auto", "cuda", 4, True),
        ("auto", "cuda", 3.99, False),
        (False, "cuda", 100, False),
        (True, "cuda", 1, True),
    ],
)
def test_images_live_on_the_device_if_they_are_wanted_there(
    monkeypatch, wanted, device, free, placed
):
    parts = small({"trainer.data_on_device": wanted})
    size = parts.data.placeable_bytes
    assert size == sum(parts.data.split_sizes.values()) * 64
    monkeypatch.setattr(module, "_free", lambda device: free * size)
    places = []
    monkeypatch.setattr(parts.data, "place", places.append)
    parts.place_data(torch.device(device))
    assert places == [torch.device(device)] * placed


def test_data_that_cannot_be_placed_is_left_where_it_is(monkeypatch):
    parts = small({"trainer.data_on_device": True})
    monkeypatch.setattr(type(parts.data), "placeable_bytes", None)
    monkeypatch.setattr(parts.data, "place", None)  # it would be called
    parts.place_data(torch.device("cuda"))


def test_balanced_weights_of_classes_are_those_of_the_chosen_samples():
    parts = small({"objectives.task.class_weights": "balanced", "data.train_samples": 55})
    counts = parts.data.class_counts
    assert sum(counts) == 55 and {*counts} == {5, 6}
    task, exit_task = (parts.criterion.terms[name] for name in ("task", "exit_task"))
    assert task._of_class.tolist() == pytest.approx([5.5 / count for count in counts])
    assert exit_task._of_class is None
    told = parts.config["objectives"]["task"]["init_args"]["class_weights"]
    assert told == "balanced"
