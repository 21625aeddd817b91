"""What the site makes itself: the list of decisions, and the look of docstrings."""

import pytest
from mkdocs_hooks.decisions import HEAD, as_list


def test_decisions_are_listed_in_order_by_their_headings():
    pages = [("0002-b.md", "# 2. Second\n\ntext"), ("0001-a.md", "# 1. First\n")]
    assert as_list(pages) == f"{HEAD}- [1. First](0001-a.md)\n- [2. Second](0002-b.md)\n"


def test_entries_of_a_docstring_are_paragraphs_and_shapes_no_links():
    pytest.importorskip("griffe", reason="needs the extra: pip install tssd[docs]")
    from mkdocs_hooks.docstring_lines import as_markdown

    docstring = "Names, [T][N] and `x[0][1]`.\n\nShapes: [T, N] -> [N].\nSource: a paper."
    assert as_markdown(docstring) == (
        "Names, [T]\\[N] and `x[0][1]`.\n\n\n**Shapes.** [T, N] -> [N].\n\n**Source.** a paper."
    )
