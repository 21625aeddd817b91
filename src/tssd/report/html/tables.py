"""Tables that screen readers can follow and phones can scroll."""

from collections.abc import Iterable, Sequence

from tssd.report.html.elements import Content, Html, element, together

Row = Sequence[Content]

# Longer names in the first column are broken on phones.
LONG = 14
# A page with more cells in a table takes a browser minutes; the rows that fit are shown.
MOST_CELLS = 100_000


def table(
    caption: Content, header: Sequence[Content], rows: Iterable[Row], *, kind: str | None = None
) -> Html:
    """A table; the first cell of each row is its heading.

    Args:
        caption: above it; what the numbers are, with their unit.
        header: of the columns.
        rows: as long as the header.
        kind: its class in the style sheet.
    """
    most = max(MOST_CELLS // max(len(header), 1), 1)
    rows = list(rows)
    if len(rows) > most:
        caption = together([caption, f" The first {most} of {len(rows)} rows."])
        rows = rows[:most]
    longest = max((len(row[0]) for row in rows if isinstance(row[0], str)), default=0)
    kinds = [kind, "long" if longest > LONG else None]
    top = element("tr", None, *[element("th", {"scope": "col"}, cell) for cell in header])
    body = [
        element(
            "tr",
            None,
            element("th", {"scope": "row"}, row[0]),
            *[element("td", None, cell) for cell in row[1:]],
        )
        for row in rows
    ]
    return scrolling(
        "table",
        element(
            "table",
            {"class": " ".join(filter(None, kinds)) or None},
            element("caption", None, element("span", None, caption)),
            element("thead", None, top),
            element("tbody", None, *body),
        ),
    )


def facts(pairs: Iterable[tuple[str, Content]]) -> Html:
    """Names with their values."""
    return element(
        "dl",
        None,
        *[
            element("div", None, element("dt", None, name), element("dd", None, value))
            for name, value in pairs
        ],
    )


def scrolling(what: str, *content: Content) -> Html:
    """What may be wider than the page: it scrolls by itself, with the keyboard, too."""
    label = {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": f"{what}, scrolls"}
    return element("div", label, *content)


def listing(items: Iterable[Content]) -> Html:
    """A list."""
    return element("ul", None, together([element("li", None, item) for item in items]))
