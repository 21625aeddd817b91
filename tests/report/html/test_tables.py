from tssd.report.html import tables
from tssd.report.html.tables import facts, listing, scrolling, table


def test_headings_have_their_scope_and_the_table_its_caption(read):
    page = read(table("<what>", ["a", "b"], [["x", "1"], ["y", None]], kind="maps"))
    assert page.all("caption")[0][1] == "<what>"
    assert [(a["scope"], text) for a, text in page.all("th")] == [
        ("col", "a"), ("col", "b"), ("row", "x"), ("row", "y"),
    ]  # fmt: skip
    assert [text for _, text in page.all("td")] == ["1", ""]
    assert page.all("table")[0][0] == {"class": "maps"}


def test_long_names_may_be_broken(read):
    page = read(table("c", ["a"], [["a_name_that_is_long"]]))
    assert page.all("table")[0][0] == {"class": "long"}


def test_what_is_wide_scrolls_with_the_keyboard(read):
    (attributes, _) = read(scrolling("table", "x")).all("div")[0]
    assert attributes["tabindex"] == "0"
    assert attributes["role"] == "group"
    assert attributes["aria-label"] == "table, scrolls"


def test_facts_and_lists(read):
    page = read(facts([("name", "<v>")]))
    assert (page.all("dt")[0][1], page.all("dd")[0][1]) == ("name", "<v>")
    assert [text for _, text in read(listing(["a", "b"])).all("li")] == ["a", "b"]


def test_a_table_that_no_browser_opens_is_cut_and_says_so(read, monkeypatch):
    monkeypatch.setattr(tables, "MOST_CELLS", 6)
    page = read(tables.table("c <", ["a", "b"], [[str(n), "x"] for n in range(9)]))
    assert page.all("caption")[0][1] == "c < The first 3 of 9 rows."
    assert len(page.all("tr")) == 1 + 3
