"""A picture with its caption and the table behind it."""

from tssd.report.html.elements import Content, Html, details, element


def figure(
    caption: str, picture: Html, numbers: Html | None, *, small: str = "", wide: bool = False
) -> Html:
    """A figure.

    Args:
        caption: above the picture.
        picture: SVG.
        numbers: the table behind it; None = it stands below.
        small: what needs to be said with the caption.
        wide: whether it takes more room than others.
    """
    below: Content = element("small", None, small) if small else None
    return element(
        "figure",
        {"class": "wide"} if wide else None,
        element("figcaption", None, caption, below),
        picture,
        details("The numbers", numbers) if numbers is not None else None,
    )


def figures(*content: Content) -> Html:
    """Figures side by side, as many as fit."""
    return element("div", {"class": "figures"}, *content)
