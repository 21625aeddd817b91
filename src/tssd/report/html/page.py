"""The page around the sections: head, style, table of contents, footer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tssd.report.html.elements import Content, Html, element, together

# Browsers refuse whatever this does not name: nothing is fetched, no script runs.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Args:
        id: for links to it.
        title: its heading.
        content: what is in it.
    """

    id: str
    title: str
    content: Html


def page(title: str, sections: Sequence[Section], *, kicker: Content, command: str) -> str:
    """A whole HTML file.

    Args:
        title: of the page.
        sections: its parts; the first has no heading, for it is the headline.
        kicker: a line above the title.
        command: that makes the page.
    """
    first, *rest = sections
    links = [
        element("li", None, element("a", {"href": f"#{section.id}"}, section.title))
        for section in sections
    ]
    body = [
        element("a", {"class": "skip", "href": f"#{first.id}"}, "Skip to the results"),
        element(
            "header",
            None,
            element("p", {"class": "kicker"}, kicker),
            element("h1", None, title),
            element("nav", {"aria-label": "Contents"}, element("ul", None, *links)),
        ),
        element(
            "main",
            None,
            element("section", {"id": first.id, "aria-label": first.title}, first.content),
            *[_section(section) for section in rest],
        ),
        element("footer", None, "Made by ", element("code", None, command), "."),
    ]
    head = [
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        # Without it a browser would ask for a favicon.
        Html('<link rel="icon" href="data:,">'),
        element("title", None, title),
        element("style", None, style()),
    ]
    whole = element(
        "html",
        {"lang": "en"},
        element("head", None, *head),
        "\n",
        element("body", None, together(body)),
    )
    # Halves of a pair, which JSON may hold, cannot be written.
    return f"<!doctype html>\n{whole}\n".encode("utf-8", "replace").decode()


def _section(section: Section) -> Html:
    heading = f"{section.id}-heading"
    return element(
        "section",
        {"id": section.id, "aria-labelledby": heading},
        element("h2", {"id": heading}, section.title),
        section.content,
    )


@cache
def style() -> Html:
    """The style sheet."""
    return Html(files("tssd.report.html").joinpath("style.css").read_text(encoding="utf-8"))
