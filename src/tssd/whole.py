"""Whole numbers as they are given: Python's, and NumPy's and torch's that stand for one."""

import operator
from typing import Any

from tssd.errors import UsageError


def whole(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """A whole number as Python's own.

    Args:
        name: of the option.
        value: as it was given; True is none.
        least: the smallest that is allowed.
        most: the largest.
    Raises: UsageError: something else, or out of range.
    """
    try:
        found = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = None
    if (
        found is None
        or (least is not None and found < least)
        or (most is not None and found > most)
    ):
        bounds = [f">= {least}"] * (least is not None) + [f"<= {most}"] * (most is not None)
        wanted = " ".join(["expected a whole number", " and ".join(bounds)]).strip()
        raise UsageError(f"{name}: got {value!r:.80}, {wanted}")
    return found
