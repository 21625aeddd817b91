"""Names in a message: the first ones, and that there are others."""

from collections.abc import Collection
from itertools import islice


def and_more(names: Collection[str], most: int, *, between: str = ", ") -> str:
    """The first names, and how many others there are.

    >>> and_more(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return between.join(islice(names, most)) + more


def and_dots(names: Collection[str], most: int) -> str:
    """The first names, and dots where there are others.

    >>> and_dots(["a", "b", "c"], 2)
    'a, b, ...'
    """
    return ", ".join(islice(names, most)) + (", ..." if len(names) > most else "")


def and_total(names: Collection[str], most: int) -> str:
    """The first names, and how many there are in all where there are others.

    >>> and_total(["a", "b", "c"], 2)
    'a, b, ... (3 in all)'
    """
    total = f" ({len(names)} in all)" if len(names) > most else ""
    return and_dots(names, most) + total
