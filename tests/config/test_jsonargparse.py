"""What jsonargparse's own overrides do and do not do: the reasons why `config.override` stays.

It sets entries of mappings one by one. What it lacks is pinned here, so that a version that has it
is noticed; beside each stands what a recipe needs (tested where it is done).
"""

import math
from collections.abc import Callable, Iterable

import pytest
from jsonargparse import ArgumentError, ArgumentParser
from torch import Tensor, nn
from torch.optim import Optimizer

from tssd.objectives import Objective

TERM = "tssd.objectives.TemporalDistillation"
TERMS = f"""--objectives={{
    task: {{class_path: tssd.objectives.TaskCrossEntropy}},
    temporal: {{class_path: {TERM}, init_args: {{weight: 2.0}}}}
}}"""


class Shaped(nn.Module):
    """A network that learns its channels from the data."""

    def __init__(self, in_channels: int, width: float = 1.0) -> None:
        super().__init__()


def parsed(kind, *words, name="objectives"):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument(f"--{name}", type=kind)
    return parser.parse_args(list(words))[name]


def optimizer(*words):
    make = Callable[[Iterable[Tensor]], Optimizer]
    return parsed(make, *(f"--optimizer{word}" for word in words), name="optimizer")


def test_entries_of_a_mapping_are_set_one_by_one():
    terms = parsed(dict[str, Objective], TERMS, "--objectives.temporal.weight=0.5")
    assert list(terms) == ["task", "temporal"]
    assert terms["temporal"].init_args.weight == 0.5


def test_a_mapping_replaces_another():
    # A recipe that extends another has to keep the terms that it says nothing of.
    over = "--objectives={temporal: {init_args: {weight: 0.5}}}"
    assert list(parsed(dict[str, Objective], TERMS, over)) == ["temporal"]


def test_null_does_not_remove_an_entry():
    with pytest.raises(ArgumentError, match="Got value: None"):
        parsed(dict[str, Objective], TERMS, "--objectives.temporal=null")


def test_another_class_keeps_the_arguments_that_it_has_as_well():
    # A learning rate for SGD is none for Adam.
    adam = optimizer("=torch.optim.SGD", ".lr=0.7", ".momentum=0.9", "=torch.optim.Adam")
    assert adam.init_args.lr == 0.7


def test_arguments_before_their_class_are_refused():
    with pytest.raises(ArgumentError):
        optimizer(".lr=0.7", "=torch.optim.Adam")


def test_what_the_data_will_tell_is_required_at_once():
    # in_channels and num_classes are filled in later; --help shows a recipe without any data.
    with pytest.raises(ArgumentError, match="required: in_channels"):
        parsed(nn.Module, f"--net={__name__}.Shaped", "--net.width=0.5", name="net")


def test_functions_have_no_short_names():
    with pytest.raises(ArgumentError, match="Expected a dot import path"):
        parsed(nn.Module, "--net=vgg9", name="net")


@pytest.mark.parametrize(
    ("kind", "word", "near"),
    [
        (dict[str, Objective], "--objectives.temporal.wieght=1", "weight"),
        (dict[str, Objective], "--objectivs={}", "objectives"),
    ],
)
def test_misspelt_names_are_refused_without_the_nearest(kind, word, near):
    with pytest.raises((ArgumentError, SystemExit)) as caught:
        parsed(kind, TERMS, word)
    assert near not in str(caught.value).replace("--objectivs", "").replace('"objectives"', "")


def test_yaml_is_not_strict():
    # "Not a number" would be trained with; of a key that is given twice one is lost.
    assert math.isnan(parsed(float, "--lr=.nan", name="lr"))
    assert parsed(dict[str, int], "--d={a: 1, a: 2}", name="d") == {"a": 2}


def test_help_stops_at_a_class():
    parser = ArgumentParser()
    parser.add_argument("--objectives", type=dict[str, Objective])
    assert "ramp_epochs" not in parser.format_help()
