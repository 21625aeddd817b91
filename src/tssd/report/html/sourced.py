"""Numbers that know where they were read, so that a page can be checked against its sources."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tssd.report.html.elements import Html, element
from tssd.report.html.rounding import Form


@dataclass(frozen=True)
class Sourced:
    """A value of a file and its place; what is not there is None at its place.

    >>> Sourced({"a": [5, 6]}, "r.json#")["a"][1]
    Sourced(value=6, at='r.json#/a/1')

    Args:
        value: what JSON holds there, or the dataclass that was read from it.
        at: file, #, JSON pointer (RFC 6901).
    """

    value: Any
    at: str

    def __getitem__(self, key: str | int) -> "Sourced":
        """What is inside, at a key or an index. Raises: AttributeError: no field of that name."""
        inside = None
        if dataclasses.is_dataclass(self.value):
            own = str(key) if hasattr(self.value, str(key)) else f"{key}_"  # "from" is Python's
            inside = getattr(self.value, own)
        elif isinstance(self.value, dict):
            inside = self.value.get(key)
        elif isinstance(self.value, list | tuple) and isinstance(key, int):
            inside = self.value[key] if key < len(self.value) else None
        step = str(key).replace("~", "~0").replace("/", "~1")
        return Sourced(inside, f"{self.at}/{step}")

    def __iter__(self) -> Iterator["Sourced"]:
        """The entries of a list, the values of a mapping; none of anything else."""
        if isinstance(self.value, dict):
            return iter([self[key] for key in self.value])
        count = len(self.value) if isinstance(self.value, list | tuple) else 0
        return iter([self[index] for index in range(count)])

    def __len__(self) -> int:
        """How many entries there are inside."""
        return len(self.value) if isinstance(self.value, dict | list | tuple) else 0

    def __bool__(self) -> bool:
        """Whether there is anything, be it 0."""
        return self.value not in (None, [], (), {})

    def number(self) -> float:
        """The value, if it is a number, else NaN."""
        return float(self.value) if _is_number(self.value) else math.nan


def shown(node: Sourced, form: Form) -> Html:
    """A number as people read it; `value` holds it in full, `data-at` says where it comes from.

    Args:
        node: a number; null is shown as a dash, NaN and what is no number are marked.
        form: rounds it.
    """
    if isinstance(node.value, str):
        return element("span", {"data-at": node.at}, node.value)
    if node.value is None:
        return element("span", {"class": "none", "title": "not recorded"}, "–")
    if not _is_number(node.value):
        return element("span", {"class": "nan", "title": f"{node.at}: not a number"}, "⚠")
    return number(node.value, form, at=node.at)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 2**63  # larger ones are none of ours


def number(value: float, form: Form, *, at: str | None = None) -> Html:
    """A number, with its full value; `at` is where it was read, None for a computed one."""
    if not math.isfinite(value):
        marks = {"value": value, "data-at": at, "class": "nan", "title": "not a finite number"}
        return element("data", marks, f"{value} ⚠".replace("nan", "NaN"))
    return element("data", {"value": repr(value), "data-at": at}, form(value))
