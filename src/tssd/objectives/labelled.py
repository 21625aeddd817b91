"""Task losses that contradict each other: one wants right means, one every timestep right."""

from collections.abc import Mapping
from typing import Any

from tssd.errors import UsageError


def check_one_task(terms: Mapping[str, Any]) -> None:
    """Refuse labels on means over time beside labels on every timestep.

    A mean may be right while no timestep is, so that the two draw the same logits to different
    places, and the labels count twice.

    Args:
        terms: the terms of a loss, or their classes, by name.
    Raises: UsageError: names two terms, and what to do.
    """
    first: dict[str, str] = {}
    for name, term in terms.items():
        if (labelled := getattr(term, "labelled", None)) is not None:
            first.setdefault(labelled, name)
    if len(first) > 1:
        (one, a), (other, b) = list(first.items())[:2]
        raise UsageError(
            f"objectives: {a} ({_called(terms[a])}) labels {one}, and {b} ({_called(terms[b])}) "
            f"labels {other}: two task losses that contradict each other; remove one, such as "
            f"objectives.{a}: null (--objectives.{a} null)"
        )


def _called(term: Any) -> str:
    return term.__name__ if isinstance(term, type) else type(term).__name__
