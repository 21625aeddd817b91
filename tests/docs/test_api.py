"""The API reference has every public name, and no other."""

import inspect
import re
from importlib import import_module

import pytest

from .pages import DOCS

PACKAGES = [
    "",
    *(".adapters", ".data", ".evaluation", ".models", ".neurons", ".objectives", ".surrogates"),
    ".interop",
    ".rules",
    ".testing",
]
PATH = re.compile(r"^::: ([\w.]+)\.(\w+)$", re.MULTILINE)
PAGES = [page.read_text(encoding="utf-8") for page in sorted((DOCS / "api").glob("*.md"))]
FOUND = [found for page in PAGES for found in PATH.findall(page)]


@pytest.mark.parametrize(
    "package", [f"tssd{name}" for name in (*PACKAGES, ".testing", ".adapters")]
)
def test_every_public_class_and_function_is_in_it(package):
    module = import_module(package)
    described = {id(getattr(import_module(home), name)) for home, name in FOUND}
    public = {name: getattr(module, name) for name in module.__all__}
    missing = [
        name
        for name, value in public.items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and id(value) not in described
    ]
    assert not missing, f"add them to a page of docs/api: {missing}"


def test_each_is_in_it_once():
    assert len(FOUND) == len({name for _, name in FOUND})
