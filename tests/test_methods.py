"""The methods that recipes name: their terms, and the presets that are the same in Python."""

import pytest

from tssd.config import build, load_recipe
from tssd.config.compose import layers
from tssd.config.pieces import rooms
from tssd.config.recipe import merge
from tssd.objectives import control, control_exit, tssd, tssd_euclidean, tssd_paper, vanilla

TERMS = {
    "vanilla_ts": ["task"],
    "vanilla_tt": ["task"],
    "ssd": ["task", "spatial", "exit_task"],
    "tsd": ["task", "temporal"],
    "tssd": ["task", "temporal", "spatial", "exit_task"],
    "extension": ["task", "temporal", "spatial", "exit_task"],
    "tssd_euclidean": ["task", "temporal", "spatial"],
    "tssd_paper": ["task", "temporal", "spatial"],
    "tssd_paper_detached": ["task", "temporal", "spatial"],
    "control": ["task"],
    "control_exit": ["task", "exit_task"],
    "best": ["task", "temporal", "spatial", "exit_task"],
}


def test_every_method_is_here():
    assert set(TERMS) == set(rooms()["methods"])


@pytest.mark.parametrize("method", TERMS)
def test_the_terms_of_a_method_stay_and_in_this_order(method):
    assert list(merge(layers(f"digits+vgg9+{method}"))["objectives"]) == TERMS[method]


def test_the_best_is_two_pieces_that_were_measured_together():
    best, measured = (merge(layers(f"digits+vgg9+{name}")) for name in ("best", "tet+tssd"))
    assert best.pop("description") != measured.pop("description")
    assert best == measured


@pytest.mark.parametrize("method", TERMS)
def test_a_scale_that_smooths_labels_does_so_whatever_the_method(method):
    task = merge(layers(f"cifar10_jpeg+fast+{method}"))["objectives"]["task"]
    assert task["init_args"]["label_smoothing"] == 0.1


@pytest.mark.parametrize(
    ("method", "preset"),
    [
        ("vanilla_ts", lambda: vanilla(1)),
        ("vanilla_tt", lambda: vanilla(4)),
        ("control", lambda: control(1, 4)),
        ("control_exit", lambda: control_exit(1, 4)),
        ("tssd", lambda: tssd(1, 4)),
        ("tssd_paper", lambda: tssd_paper(1, 4)),
        ("tssd_paper_detached", lambda: tssd_paper(1, 4, detach=True)),
        ("tssd_euclidean", lambda: tssd_euclidean(1, 4)),
    ],
)
def test_a_method_and_its_preset_are_one(method, preset):
    """Terms hold plain options only, which tell them apart."""
    recipe, own = build(load_recipe(f"digits+vgg9+{method}")).criterion, preset()
    assert recipe.timesteps == own.timesteps
    assert list(recipe.terms) == list(own.terms)
    for name, term in own.terms.items():
        assert type(recipe.terms[name]) is type(term)
        options = [
            {k: v for k, v in vars(t).items() if k[0] != "_"} for t in (term, recipe.terms[name])
        ]
        assert options[0] == options[1]
