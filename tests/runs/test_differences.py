"""The names are those of the configurations that runs leave."""

import pytest

from tssd.config.assemble import resolve
from tssd.config.load import load_recipe
from tssd.errors import DataError
from tssd.report import Comparison
from tssd.runs.differences import (
    FREE,
    NOT_TRAINED,
    fingerprints,
    first_difference,
    other_option,
)
from tssd.runs.results import Results

BASE = """description: a
seed: 0
optimizer:
  lr: 0.1
trainer:
  progress: true
  epochs: 3
"""


@pytest.fixture
def differ(tmp_path):
    def write(name, text):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "config.yaml"
        path.write_text(text)
        return path

    return lambda text: other_option(write("seed1", text), write("seed0", BASE))


@pytest.mark.parametrize(
    ("line", "other"),
    [("seed: 0", "seed: 7"), ("true", "false"), ("description: a", "description: b")],
)
def test_seed_and_display_may_differ(differ, line, other):
    alike = BASE.replace(line, other)
    assert alike != BASE
    assert differ(alike) is None


def test_the_first_other_option_is_named(differ):
    text = BASE.replace("0.1", "0.05").replace("3", "9")
    assert differ(text) == "'lr: 0.05' where seed0 has 'lr: 0.1'"


def test_an_option_more_or_less_is_a_difference(differ):
    assert differ(BASE + "  threads: 1\n") == "'threads: 1' where seed0 has 'nothing'"


def test_seeds_of_a_version_that_wrote_less_down_are_of_one_method(tmp_path):
    def write(name, inside):
        path = tmp_path / name / "config.yaml"
        path.parent.mkdir()
        path.write_text(f"net:\n  init_args:\n    name: Mlp\n{inside}")
        return path

    old, new = write("seed0", ""), write("seed1", "    printed: a1\n")
    assert other_option(new, old) is None and other_option(old, new) is None
    assert "'printed: b2'" in other_option(write("seed2", "    printed: b2\n"), new)


def test_students_of_other_seeds_have_other_teachers_made_in_the_same_way(tmp_path):
    def write(seed, teacher="ann~0", more=""):
        path = tmp_path / f"{seed}{teacher}" / "config.yaml"
        path.parent.mkdir()
        path.write_text(f"run: runs/.teachers/{teacher}/seed{seed}\n{more}")
        return path

    first, second = write(0), write(1, more="seed: 1\n")
    assert other_option(second, first) is None
    assert "run: runs/.teachers/ann~1" in other_option(write(2, "ann~1"), first)


@pytest.mark.parametrize("rate", [0.1, 0.2])
def test_another_version_may_write_the_same_in_another_order(differ, rate):
    text = "seed: 2\ntrainer: {epochs: 3, progress: false}\n"
    assert (differ(f"{text}optimizer: {{lr: {rate}}}\n") is None) == (rate == 0.1)


def test_first_difference_is_the_deepest_name():
    before, now = {"a": {"b": [1, 2], "c": 1}}, {"a": {"b": [1, 3], "c": 2}}
    assert first_difference(before, {"a": {"c": 1, "b": [1, 2]}}) is None
    assert first_difference(before, now) == ("a.b", [1, 2], [1, 3])
    assert first_difference({}, {"objective": {"weight": 1}}) == ("objective", None, {"weight": 1})


def leaves(config, name=""):
    if not isinstance(config, dict):
        yield name
        return
    for key, value in config.items():
        yield from leaves(value, f"{name}.{key}".lstrip("."))


@pytest.fixture(scope="module", params=["image_folder/vgg9_tssd", "nmnist/vgg9_tssd"])
def names(request):
    return set(leaves(resolve(load_recipe(request.param, LATER_ONES))))


# Written where they are used.
LATER_ONES = [("trainer.checkpoint_every_n_epochs", "1"), ("trainer.log_every_n_steps", "1")]
# Of folders of images alone, and a whole section, which most runs don't have.
NOT_OF_ALL = {"data.init_args.cache", "logger"}


def test_every_name_is_an_option(names):
    assert set(NOT_TRAINED) <= names | NOT_OF_ALL


def test_no_other_option_ends_like_one(names):
    """Two seeds are compared by the lines of their files, in which only the last part stands."""
    alike = {name for name in names if name.rpartition(".")[2] in FREE}
    assert alike | NOT_OF_ALL == {*NOT_TRAINED, "seed", "data.init_args.seed"}


def results(seed=0, **hashes):
    curve = {"accuracy": [0.5, 0.6], "samples": 10}
    whole = {"seed": seed, "timesteps": {"student": 1}, "best": curve, "last": curve}
    return Results.of(whole | hashes)


def test_what_samples_held_counts_where_all_say_it():
    same, other = (results(split_hash="a", content_hash=n) for n in "12")
    old = results(split_hash="a")
    assert fingerprints([same, same]) == ["a/1", "a/1"]
    assert len(set(fingerprints([same, other]))) == 2
    assert len(set(fingerprints([same, other, old]))) == 1


def test_methods_on_images_that_were_changed_in_between_are_not_compared():
    one, two = (results(0, split_hash="a", content_hash=n) for n in "12")
    with pytest.raises(DataError, match=r"different samples, .* m: a/1; n: a/2"):
        Comparison.of({"m": [one], "n": [two]})
    assert Comparison.of({"m": [one], "n": [one]}).split_hash == "a"
