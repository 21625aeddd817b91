import re

from tssd.report.html.elements import element, paragraph
from tssd.report.html.page import POLICY, Section, page, style

SECTIONS = [Section("one", "First", paragraph("a")), Section("two", "Second", paragraph("b"))]


def test_the_page_is_whole_and_can_be_walked_with_the_keyboard(read):
    text = page("<title>", SECTIONS, kicker="k", command="tssd report 'x'")
    assert text.startswith("<!doctype html>\n<html lang")
    found = read(text)
    assert found.all("h1")[0][1] == found.all("title")[0][1] == "<title>"
    assert found.all("a")[0][0] == {"class": "skip", "href": "#one"}
    links = {a["href"] for a, _ in found.all("a")}
    assert links == {"#one", "#two"}
    assert {f"#{a['id']}" for a, _ in found.all("section")} == links
    assert found.all("footer")[0][1] == "Made by tssd report 'x'."
    viewport = next(a for a, _ in found.all("meta") if a.get("name") == "viewport")
    assert viewport["content"] == "width=device-width, initial-scale=1"


def test_sections_have_headings_that_name_them(read):
    found = read(page("t", SECTIONS, kicker="k", command="c"))
    first, second = (a for a, _ in found.all("section"))
    assert first["aria-label"] == "First"
    ((heading, text),) = found.all("h2")
    assert (heading["id"], text) == (second["aria-labelledby"], "Second")


def test_the_policy_forbids_to_fetch_and_to_run(read):
    assert POLICY.startswith("default-src 'none';")
    assert "script-src" not in POLICY
    policies = [a for a, _ in read(page("t", SECTIONS, kicker="k", command="c")).all("meta")]
    assert POLICY in [a.get("content") for a in policies]


def test_the_style_fetches_nothing_and_knows_dark_phones_and_paper():
    found = style()
    assert not re.search(r"url\(|@import|https?:", found)
    for expected in ("prefers-color-scheme: dark", "max-width: 30rem", "@media print",
                     ":focus-visible"):  # fmt: skip
        assert expected in found
    assert found.count("{") == found.count("}")


def test_halves_of_a_pair_can_be_written(read):
    text = page(
        "a\ud800b", [Section("s", "S", element("p", None, "\udfff"))], kicker="", command=""
    )
    assert "a?b" in text
    assert text.encode()
