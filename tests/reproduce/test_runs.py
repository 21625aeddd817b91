from pathlib import Path

import pytest

from tssd.config import load_recipe
from tssd.config.assemble import resolve
from tssd.errors import UsageError
from tssd.reproduce.plan import Variant
from tssd.reproduce.runs import plan_runs, read, recipe_of

TWO = Variant("digits/tssd", (("timesteps.teacher", "3"), ("trainer.epochs", "2")))


def test_runs_are_variants_times_seeds_each_once():
    plain = Variant("digits/tssd")
    runs = plan_runs([plain, TWO, plain], [0, 4], Path("out"))
    assert [(run.variant, run.seed) for run in runs] == [
        (plain, 0), (plain, 4), (TWO, 0), (TWO, 4),
    ]  # fmt: skip
    assert len({run.folder for run in runs}) == 4
    assert runs[1].folder == Path("out/runs/digits/tssd/seed4")


def test_two_variants_never_share_a_folder():
    with pytest.raises(UsageError, match="a/own.yaml, seed 0 and b/own.yaml, seed 0 would share"):
        plan_runs([Variant("a/own.yaml"), Variant("b/own.yaml")], [0], Path("out"))


def test_a_recipe_written_for_a_variant_is_the_variant(tmp_path):
    path = Path(recipe_of(TWO, tmp_path))
    assert path.parent == tmp_path / "recipes/digits"
    found, expected = (resolve(config) for config in (load_recipe(str(path)), read(TWO)))
    assert found.pop("description") == (
        f"{expected.pop('description')}; --timesteps.teacher=3 --trainer.epochs=2"
    )
    assert found == expected
    # A second time nothing is written.
    before = path.stat().st_mtime_ns
    assert recipe_of(TWO, tmp_path) == str(path)
    assert path.stat().st_mtime_ns == before


def test_a_variant_without_options_is_its_recipe(tmp_path):
    assert recipe_of(Variant("digits/tssd"), tmp_path) == "digits/tssd"
    assert not list(tmp_path.iterdir())


def test_overrides_go_over_a_variant_s_options_and_mistakes_name_it():
    assert read(TWO, [("trainer.epochs", "9")])["trainer"]["epochs"] == 9
    with pytest.raises(UsageError, match="digits/tssd --timesteps.teacher=3 .*: --trainer.epoch"):
        read(TWO, [("trainer.epoch", "9")])


def test_a_recipe_s_file_stays_below_the_output_whatever_its_options(tmp_path):
    output = tmp_path / "a" / "b"
    paths = [
        Path(recipe_of(Variant(recipe, (("description", "../../../data"),)), output))
        for recipe in ("digits/tssd", "digits/vanilla_ts")
    ]
    assert len(set(paths)) == 2
    assert {path.resolve().parent for path in paths} == {output / "recipes"}
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


def test_a_variant_called_like_a_run_of_another_is_refused():
    with pytest.raises(UsageError, match="seed 0 would be inside that of a, seed 0"):
        plan_runs([Variant("a"), Variant("a/seed0")], [0], Path("out"))


def test_names_that_differ_in_case_only_are_refused():
    with pytest.raises(UsageError, match="would share the folder"):
        plan_runs([Variant("a", (("x", "B"),)), Variant("a", (("x", "b"),))], [0], Path("out"))
