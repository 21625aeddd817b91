"""What the package says of itself agrees with itself."""

import tomllib
from importlib.resources import files
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_tested_versions_are_not_older_than_what_is_asked_for():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in lines)
    tested = {canonicalize_name(name): version for name, version in tested.items()}
    texts = [*PROJECT["dependencies"], *sum(PROJECT["optional-dependencies"].values(), [])]
    for requirement in map(Requirement, texts):
        name = canonicalize_name(requirement.name)
        if name != PROJECT["name"]:
            assert requirement.specifier.contains(tested[name]), requirement


def test_the_citation_is_of_this_version_and_names_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # which CFF demands
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    (paper,) = citation["references"]
    assert paper["url"] == PROJECT["urls"]["Paper"]
    names = [author["family-names"] for author in paper["authors"]]
    assert names == ["Zuo", "Ding", "Jing", "Yang", "Yu"]


def test_types_go_with_the_package():
    assert (files("tssd") / "py.typed").is_file()
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_the_image_has_a_python_that_is_tested():
    first = next(
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("FROM")
    )
    version = first.removeprefix("FROM python:").removesuffix("-slim")
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
