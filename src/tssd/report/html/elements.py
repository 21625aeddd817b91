"""HTML elements whose text is always escaped."""

from collections.abc import Iterable, Mapping
from html import escape

VOID = {"img", "meta", "br", "wbr"}


class Html(str):
    """Markup; every other string is text, and `element` escapes it."""

    __slots__ = ()


# Strings are text, None is nothing.
Content = Html | str | None
Attributes = Mapping[str, object]


def element(name: str, attributes: Attributes | None = None, *content: Content) -> Html:
    """An HTML or SVG element.

    >>> element("p", {"class": "note"}, "1 < 2", element("b", None, "!"))
    '<p class="note">1 &lt; 2<b>!</b></p>'

    Args:
        name: of the element.
        attributes: an empty string stands alone (`open`), None is left out.
        content: escaped, unless it is `Html`.
    """
    words = [name]
    for key, value in (attributes or {}).items():
        if value is not None:
            words.append(key if value == "" else f'{key}="{escape(str(value))}"')
    opening = f"<{' '.join(words)}>"
    return Html(opening if name in VOID else f"{opening}{together(content)}</{name}>")


def together(parts: Iterable[Content]) -> Html:
    """One after the other; strings are escaped.

    >>> together(["a & ", Html("<b>b</b>"), None])
    'a &amp; <b>b</b>'
    """
    return Html(
        "".join(
            part if isinstance(part, Html) else escape(part) for part in parts if part is not None
        )
    )


def details(summary: str, *content: Content) -> Html:
    """What opens on demand, by mouse or keyboard."""
    return element("details", None, element("summary", None, summary), *content)


def paragraph(*content: Content) -> Html:
    """A paragraph."""
    return element("p", None, *content)


def note(*content: Content) -> Html:
    """A paragraph in small type, for what needs to be said with a number."""
    return element("p", {"class": "note"}, *content)
