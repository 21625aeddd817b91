import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest
from torch import Tensor, nn
from torchvision.transforms import v2

from tssd.config.types import (
    MISSING,
    Wanted,
    as_node,
    check_class,
    choices,
    entries,
    fits,
    in_words,
    is_settings,
    wanted,
)
from tssd.data import DataModule, Digits
from tssd.errors import UsageError
from tssd.models.base import MakeNeuron
from tssd.neurons import LIF, Neuron
from tssd.norms import pooled_batch_norm
from tssd.objectives import Distance, Objective
from tssd.training.schedule import Schedule
from tssd.training.settings import TrainerSettings

MakesNeuron = Callable[[], Neuron]
MakesNorm = Callable[[int], nn.Module]


def test_an_object_is_told_from_what_makes_one(tmp_path, monkeypatch):
    (tmp_path / "an_object.py").write_text("import tssd\nmade = tssd.IF()\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match="is an object, expected what makes one, .* its class IF"):
        check_class(Neuron, "an_object.made")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (int, [0, -3], [0.5, "x", None, True, [1]]),
        (float, [0.5, 1, "1e-4"], ["x", None, True, math.nan, ".nan", 10**400]),
        (bool, [True, False], [0, 1, "perhaps", None]),
        (str, ["x", ""], [5, None]),
        (int | None, [3, None], ["x", 0.5]),
        (Literal["student", "both"], ["both"], ["teacher", None]),
        (Sequence[int | str], [[1, "conv"], []], [1, "conv", [0.5]]),
        (tuple[float, float], [[0.9, 0.99]], [[0.9], "x"]),
        (float | Tensor, [0.1], ["x"]),
        (tuple[float, float], [[0, 1]], [[0, math.nan]]),
        (Any, [1, "x", None], [math.nan, [math.nan], {"a": math.nan}]),
    ],
)
def test_fits_accepts_values_of_the_type_only(kind, good, bad):
    assert [value for value in good if not fits(kind, value)] == []
    assert [value for value in bad if fits(kind, value)] == []


def test_in_words_says_what_is_expected():
    assert in_words(int | None) == "a whole number or null"
    assert in_words(float | Tensor) == "a number or Tensor"
    assert in_words(Literal["a", "b"]) == "one of a, b"
    assert in_words(Sequence[int | str]) == "a list, each a whole number or text"
    assert in_words(dict[str, Objective]) == "a mapping"
    neurons = in_words(MakesNeuron)
    assert neurons.startswith("one of tssd.IF, tssd.LIF, tssd.neurons.")
    assert in_words(MakeNeuron) == f"{neurons}, or the import path of a Module"
    assert in_words(nn.Module) == "the import path of a Module"
    assert in_words(Distance | None).startswith("one of tssd.objectives.EuclideanNorm, ")
    assert in_words(Distance | None).endswith(" or null")


def test_an_enumeration_is_words():
    kind = v2.AutoAugmentPolicy
    assert wanted(kind) is None and choices(kind) == ["IMAGENET", "CIFAR10", "SVHN"]
    assert in_words(kind | None) == "one of IMAGENET, CIFAR10, SVHN or null"
    assert fits(kind, "CIFAR10") and not fits(kind, "MNIST")


def test_choices_are_words_or_classes():
    assert choices(Literal["a", "b"] | None) == ["a", "b"]
    assert choices(MakesNeuron)[:2] == ["tssd.IF", "tssd.LIF"]
    assert choices(int) == choices(nn.Module) == []


def test_wanted_tells_classes_from_plain_values():
    assert wanted(Schedule) == Wanted(Schedule)
    assert wanted(Distance | None) == Wanted(Distance)
    assert wanted(MakesNorm) == Wanted(nn.Module, given=1)
    assert wanted(MakesNeuron) == Wanted(Neuron, given=0)
    assert wanted(MakeNeuron) == Wanted(Neuron, given=0, other=nn.Module)
    for plain in (int, str | None, float | Tensor, dict[str, int], Literal["a"], Any):
        assert wanted(plain) is None


def test_settings_are_dataclasses_through_and_through():
    # A data module is a dataclass below a class of Lightning's, and given by its path.
    found = [is_settings(kind) for kind in (TrainerSettings, Digits, DataModule, int, list[int])]
    assert found == [True, False, False, False, False]
    assert wanted(DataModule).base is DataModule


def test_as_node_turns_classes_and_paths_into_mappings():
    assert as_node(MakesNeuron, LIF) == {"class_path": "tssd.LIF"}
    assert as_node(Schedule, "a.B") == {"class_path": "a.B"}
    assert as_node(Distance | None, None) is None
    assert as_node(Distance, MISSING) is MISSING
    assert as_node(str, "a.B") == "a.B"
    given = {"class_path": "a.B", "init_args": {"c": 1}}
    assert as_node(Schedule, given) is given
    # A function that makes has no options of its own.
    assert as_node(MakesNorm, pooled_batch_norm) == "tssd.norms.pooled_batch_norm"
    assert as_node(MakesNorm, "torch.nn.BatchNorm2d") == {"class_path": "torch.nn.BatchNorm2d"}
    # A function that is called once stands for what it builds.
    assert as_node(nn.Module, "tssd.models.vgg9") == {"class_path": "tssd.models.vgg9"}


def test_check_class_refuses_another_kind():
    check_class(Schedule, "tssd.training.schedule.Cosine")
    check_class(nn.Module, "tssd.models.vgg9")  # by the return annotation
    with pytest.raises(UsageError, match=r"got tssd\.LIF, expected one of tssd\.training\."):
        check_class(Schedule, "tssd.LIF")
    with pytest.raises(UsageError, match=r"got tssd\.models\.vgg9, expected one of tssd\.IF"):
        check_class(MakesNeuron, "tssd.models.vgg9")
    with pytest.raises(UsageError, match=r"got torch\.nn\.ReLU, expected one of tssd\.IF"):
        check_class(MakesNeuron, "torch.nn.ReLU")


def test_another_module_may_stand_for_a_neuron_but_nothing_else_of_ours():
    check_class(MakeNeuron, "tssd.LIF")
    check_class(MakeNeuron, "torch.nn.ReLU")
    for path in ("tssd.models.vgg9", "tssd.norms.pooled_batch_norm", "tssd.models.Block"):
        with pytest.raises(UsageError, match=f"got {path}, expected one of tssd.IF"):
            check_class(MakeNeuron, path)
    with pytest.raises(UsageError, match="is only their base"):
        check_class(MakeNeuron, "tssd.Neuron")


def test_lists_of_objects_are_told_from_lists_of_values():
    assert entries(list[Schedule] | None) == entries(list[Schedule]) == Schedule
    for kind in (list[float], list, Any, Schedule, int | list[Schedule], dict[str, Objective]):
        assert entries(kind) is None
    node = {"class_path": "tssd.training.schedule.Cosine"}
    for given in (node, [node], "tssd.training.schedule.Cosine", [node["class_path"]]):
        assert as_node(list[Schedule], given) == [node]
    assert as_node(list[Schedule] | None, None) is None
    assert as_node(list[Schedule], MISSING) is MISSING
    assert in_words(list[nn.Module]) == "a list, each the import path of a Module"
