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
    with pytest.raises(UsageError, match="would share a folder"):
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
