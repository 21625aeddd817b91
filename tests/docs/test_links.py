"""Every link of a page leads somewhere, in the repository as in the site, and no page is lost."""

import json
import re

import pytest
import yaml
from mkdocs_hooks.linked_files import brought_in, linked, place, targets, with_targets
from mkdocs_hooks.notebooks import as_markdown

from .pages import DOCS, PAGES, ROOT

READ = [
    *PAGES,
    *sorted((ROOT / "results").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
    *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
]
ANCHOR = re.compile(r"\]\(([^)\s#]*\.md)?#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def in_repository(page):
    return page.relative_to(ROOT).as_posix()


def slugs(page):
    """Anchors of a page's headings."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    words = [re.sub(r"[^\w\- ]", "", heading).strip().lower() for heading in HEADING.findall(text)]
    return {word.replace(" ", "-") for word in words}


@pytest.mark.parametrize("page", READ, ids=in_repository)
def test_every_link_leads_to_a_file_and_to_a_heading(page):
    text = page.read_text(encoding="utf-8")
    paths = [linked(in_repository(page), target) for target in targets(text)]
    assert not [path for path in paths if not (ROOT / path).exists()]
    for other, anchor in ANCHOR.findall(text):
        assert anchor in slugs(page.parent / other if other else page), (other, anchor)


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.ipynb")), ids=in_repository)
def test_every_link_of_a_notebook_leads_to_a_file(path):
    text = as_markdown(json.loads(path.read_text(encoding="utf-8")))
    paths = [linked(in_repository(path), target) for target in targets(text)]
    assert paths
    assert not [found for found in paths if not (ROOT / found).exists()]


def entries(nav):
    """Files of a navigation, in their order."""
    for entry in nav:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [value] if isinstance(value, str) else entries(value)


def test_every_page_is_in_the_navigation_once():
    configuration = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    found = list(entries(configuration["nav"]))
    inside = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    inside |= {place(in_repository(path)) for path in DOCS.rglob("*.ipynb")}
    decisions = {path for path in inside if path.startswith("adr/0")}  # listed in adr/README.md
    assert len(found) == len(set(found))
    assert not inside - decisions - set(found), "add these to the nav of mkdocs.yml"
    outside = set(found) - inside - {"adr/README.md"}
    assert not [name for name in outside if not (ROOT / name).is_file()], "no such page"


def test_places_in_the_site():
    assert place("docs/paper.md") == "paper.md"
    assert place("docs/notebooks/first-steps.ipynb") == "notebooks/first-steps.md"
    assert place("README.md") == "index.md"
    assert place("results/digits/comparison.png") == "results/digits/comparison.png"
    assert place("examples/plain.py") == "source/examples/plain.py.md"
    assert place("examples") == "examples/README.md"
    assert place("examples/extend") == "source/examples/extend/README.md"


def test_only_links_are_rewritten():
    page = (
        'a [b](c.md#d) and ![e](f.png "g") `[h](i.md)`\n```\n[j](k.md)\n```\n[l](https://m) [n](#o)'
    )
    assert targets(page) == ["c.md", "f.png"]
    moved = page.replace("(c.md", "(x/c.md").replace("(f.png", "(x/f.png")
    assert with_targets(page, lambda target: f"x/{target}") == moved


def test_what_is_linked_comes_into_the_site_and_what_that_links_to():
    text = "[a](../examples/extend) [b](../results/README.md) [c](x.md)"
    found = brought_in({"docs/page.md": text})
    assert "examples/extend" in found
    assert "examples/extend/shapes.py" in found  # listed on the page of its folder
    assert "results/digits/comparison.md" in found
    assert "results/nmnist-small/comparison.png" in found
    assert not [path for path in found if path.startswith("docs/") or not (ROOT / path).exists()]
