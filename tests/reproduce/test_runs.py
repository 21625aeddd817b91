from pathlib import Path

import pytest

from tssd.config import load_recipe
from tssd.config.assemble import resolve
from tssd.errors import UsageError
from tssd.reproduce.plan import Variant
from tssd.reproduce.runs import Run, plan_runs, read

TWO = Variant("digits/tssd", (("timesteps.teacher", "3"), ("trainer.epochs", "2")))


def test_runs_are_variants_times_seeds_each_once():
    plain = Variant("digits/tssd")
    runs = plan_runs([plain, TWO, plain], [0, 4], Path("out"))
    assert [(run.variant, run.seed) for run in runs] == [
        (plain, 0), (plain, 4), (TWO, 0), (TWO, 4),
    ]  # fmt: skip
    assert len({run.folder for run in runs}) == 4
    assert runs[1].folder == Path("out/runs/digits/tssd/seed4")


def test_a_run_is_finished_when_its_results_are_there(tmp_path):
    run = Run(TWO, 4, tmp_path)
    (tmp_path / "config.yaml").touch()
    assert not run.is_finished
    (tmp_path / "results.json").touch()
    assert run.is_finished


def test_two_variants_never_share_a_folder():
    with pytest.raises(UsageError, match="a/own.yaml, seed 0 and b/own.yaml, seed 0 would share"):
        plan_runs([Variant("a/own.yaml"), Variant("b/own.yaml")], [0], Path("out"))


def test_a_planned_run_is_its_variant_and_its_description_says_so():
    planned = Run(TWO, 4, Path("out")).planned([("net.width", "0.5")])
    assert (planned.recipe, planned.seed, planned.folder) == ("digits/tssd", 4, Path("out"))
    found = resolve(load_recipe(planned.recipe, planned.overrides))
    expected = resolve(read(TWO, [("net.width", "0.5"), ("seed", "4")]))
    assert found.pop("description") == (
        f"{expected.pop('description')}; --timesteps.teacher=3 --trainer.epochs=2"
    )
    assert found == expected
    # The user's own words go over it.
    mine = Run(TWO, 4, Path("out")).planned([("description", "mine")])
    assert load_recipe(mine.recipe, mine.overrides)["description"] == "mine"


def test_a_variant_without_options_is_its_recipe():
    planned = Run(Variant("digits/tssd"), 0, Path("out")).planned()
    assert (planned.recipe, planned.options) == ("digits/tssd", ())


def test_a_description_is_one_text_whatever_it_holds():
    odd = "é: {x}, 'a' \"b\" #1"
    variant = Variant("digits/tssd", (("description", f"'{odd.replace(chr(39), chr(39) * 2)}'"),))
    planned = Run(variant, 0, Path("out")).planned()
    assert load_recipe(planned.recipe, planned.overrides)["description"].startswith(f"{odd}; --d")


def test_overrides_go_over_a_variant_s_options_and_mistakes_name_it():
    assert read(TWO, [("trainer.epochs", "9")])["trainer"]["epochs"] == 9
    with pytest.raises(UsageError, match="digits/tssd --timesteps.teacher=3 .*: --trainer.epoch"):
        read(TWO, [("trainer.epoch", "9")])


def test_a_variant_called_like_a_run_of_another_is_refused():
    with pytest.raises(UsageError, match="seed 0 would be inside that of a, seed 0"):
        plan_runs([Variant("a"), Variant("a/seed0")], [0], Path("out"))


def test_names_that_differ_in_case_only_are_refused():
    with pytest.raises(UsageError, match="would share the folder"):
        plan_runs([Variant("a", (("x", "B"),)), Variant("a", (("x", "b"),))], [0], Path("out"))
