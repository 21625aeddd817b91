import pytest

from tssd.config import load_recipe
from tssd.config.needed_norm import check_needed_norms
from tssd.errors import UsageError

LSG = {"class_path": "tssd.neurons.PLIF", "init_args": {"surrogate": "tssd.surrogates.LSG"}}
TDBN = "tssd.norms.TdBN"


def recipe(exits=None, **net):
    """A network with LSG, and what else it has."""
    net = {"class_path": "tssd.models.vgg9", "init_args": {"neuron": LSG, **net}}
    plan = {"class_path": "tssd.objectives.ExitPlan", "init_args": exits or {}}
    return {"net": net, "exits": plan}


@pytest.mark.parametrize("norm", [TDBN, {"class_path": TDBN, "init_args": {"v_threshold": 0.5}}])
def test_with_its_norm_it_is_no_mistake(norm):
    check_needed_norms(recipe(norm=norm))
    check_needed_norms(recipe(norm=norm, exits={"neuron": LSG}))


@pytest.mark.parametrize(
    ("given", "section", "norm"),
    [
        ({}, "net", "tssd.norms.pooled_batch_norm"),
        ({"norm": "tssd.norms.TEBN"}, "net", "tssd.norms.TEBN"),
        (
            {"norm": TDBN, "exits": {"neuron": LSG, "norm": "tssd.norms.TEBN"}},
            "exits",
            "tssd.norms.TEBN",
        ),
    ],
)
def test_without_it_both_are_named_and_the_way_out(given, section, norm):
    with pytest.raises(UsageError) as error:
        check_needed_norms(recipe(**given))
    assert str(error.value) == (
        f"{section}.neuron.surrogate: LSG needs the norm {TDBN}, from which it is derived, but "
        f"{section}.norm is {norm}; add --{section}.norm {TDBN}, or leave LSG out"
    )


def test_what_needs_no_norm_or_has_none_passes():
    check_needed_norms({"net": "tssd.models.vgg9"})
    check_needed_norms(
        {"net": {"class_path": "tssd.models.vgg9", "init_args": {"neuron": "tssd.IF"}}}
    )
    check_needed_norms({})


@pytest.mark.parametrize(
    ("name", "overrides", "told"),
    [
        ("digits+vgg9+lsg+tebn+tssd", [], "lsg and tebn both set net.norm; leave one out"),
        ("digits+vgg9+lsg+atan", [], "both set net.neuron.surrogate; leave one out"),
        ("digits+vgg9+lsg", [("net.norm", "tssd.norms.pooled_batch_norm")], "LSG needs the norm"),
        ("digits+vgg9+plif", [("net.neuron.surrogate", "tssd.surrogates.LSG")], "LSG needs the n"),
    ],
)
def test_it_is_found_when_the_recipe_is_read(name, overrides, told):
    with pytest.raises(UsageError) as error:
        load_recipe(name, overrides)
    assert told in str(error.value)


@pytest.mark.parametrize("name", ["digits+vgg9+lsg", "digits+vgg9+tdbn+lsg+tssd"])
def test_the_part_brings_its_norm(name):
    assert load_recipe(name)["net"]["init_args"]["norm"]["class_path"] == TDBN
