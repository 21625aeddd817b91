from pathlib import Path

import pytest

from tssd.config.default_folder import run_folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to stand in; `touch` makes a file in or beside it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def touch(name):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
        return name

    return touch


def test_a_recipe_of_the_package_keeps_its_name(here):
    assert run_folder("digits/tssd", 3) == Path("runs/digits/tssd/seed3")
    assert run_folder("digits/tssd", 3, "out") == Path("out/digits/tssd/seed3")


def test_a_composition_has_one_folder_whatever_the_order(here):
    assert run_folder("tssd+vgg9+digits", 0) == Path("runs/digits+vgg9+tssd/seed0")
    assert run_folder("digits/tssd+atan", 0) == Path("runs/digits+vgg9+atan+tssd/seed0")
    here("my/part.yaml")
    assert run_folder("digits+my/part.yaml+vgg9", 0) == Path("runs/digits+vgg9+my-part.yaml/seed0")
    here("runs/digits+vgg9+tssd/seed0/config.yaml")
    run = Path("runs/digits+vgg9+tssd/seed0")
    assert run_folder(str(run), 0) == run


def test_files_of_one_name_do_not_share_a_folder(here):
    assert run_folder(here("own.yaml"), 0) == Path("runs/own/seed0")
    assert run_folder(here("a/own.yaml"), 0) == Path("runs/a/own/seed0")
    assert run_folder(here("./b/own.yml"), 1) == Path("runs/b/own/seed1")
    assert run_folder(str(Path("a/own.yaml").resolve()), 0) == Path("runs/a/own/seed0")
    assert run_folder(here("../elsewhere/own.yaml"), 0) == Path("runs/own/seed0")


def test_a_run_folder_is_its_own_place(here):
    here("runs/digits/tssd/seed0/config.yaml")
    assert run_folder("runs/digits/tssd/seed0", 0) == Path("runs/digits/tssd/seed0")
    assert run_folder("runs/digits/tssd/seed0", 2) == Path("runs/digits/tssd/seed2")
    here("mine/config.yaml")
    assert run_folder("mine", 1) == Path("runs/mine/seed1")
    here("out/deep/mine/config.yaml")
    assert run_folder("out/deep/mine", 0, "out") == Path("out/deep/mine/seed0")
    here("../elsewhere/a/seed4/config.yaml")
    assert run_folder("../elsewhere/a/seed4", 0) == Path("runs/a/seed0")
    assert run_folder(".", 0).parts[0] == "runs"
