"""Numbers that know where they were read, so that a page can be checked against its sources."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tssd.report.html.elements import Html, element

Form = Callable[[float], str]


@dataclass(frozen=True)
class Located:
    """A value of a JSON file and its place; what is not there is None at its place.

    >>> Located({"a": [5, 6]}, "r.json#")["a"][1]
    Located(value=6, at='r.json#/a/1')

    Args:
        value: what JSON holds there.
        at: file, #, JSON pointer (RFC 6901).
    """

    value: Any
    at: str

    def __getitem__(self, key: str | int) -> "Located":
        """What is inside, at a key or an index."""
        inside = None
        if isinstance(self.value, dict):
            inside = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            inside = self.value[key]
        step = str(key).replace("~", "~0").replace("/", "~1")
        return Located(inside, f"{self.at}/{step}")

    def __iter__(self) -> Iterator["Located"]:
        """The entries of a list, the values of a mapping; none of anything else."""
        if isinstance(self.value, dict):
            return iter([self[key] for key in self.value])
        count = len(self.value) if isinstance(self.value, list) else 0
        return iter([self[index] for index in range(count)])

    def __len__(self) -> int:
        """How many entries there are inside."""
        return len(self.value) if isinstance(self.value, dict | list) else 0

    def __bool__(self) -> bool:
        """Whether there is anything, be it 0."""
        return self.value is not None and self.value != [] and self.value != {}

    def number(self) -> float:
        """The value, if it is a number, else NaN."""
        return float(self.value) if _is_number(self.value) else math.nan


def shown(node: Located, form: Form) -> Html:
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


def percent(value: float) -> str:
    """A share as per cent with two decimals.

    >>> percent(0.37311)
    '37.31'
    """
    return f"{100 * value:.2f}"


def two(value: float) -> str:
    """Two decimals."""
    return f"{value:.2f}"


def signed(value: float) -> str:
    """Two decimals with the sign.

    >>> signed(-1.234)
    '−1.23'
    """
    return f"{value:+.2f}".replace("-", "−")


def three(value: float) -> str:
    """Three decimals."""
    return f"{value:.3f}"


def digits(value: float) -> str:
    """Four significant digits.

    >>> digits(0.0038405)
    '0.003841'
    """
    return f"{value:.4g}"


def whole(value: float) -> str:
    """A whole number, thousands apart.

    >>> whole(145554)
    '145,554'
    """
    return f"{value:,.0f}"


def alike(mean: float, form: Form) -> tuple[Form, str]:
    """A form for a mean and its spread, with as many decimals and the same unit for both.

    >>> same, unit = alike(1212435.9, si)
    >>> same(1212435.9) + " ± " + same(20331.0) + unit
    '1.212 ± 0.020 M'
    """
    if form not in (si, digits) or not math.isfinite(mean):
        return form, ""
    _, _, unit = form(mean).partition(" ")
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(unit, 1.0)
    size = math.floor(math.log10(abs(mean) / factor)) if mean else 0
    decimals = min(max(3 - size, 0), 9)
    return lambda value: f"{value / factor:.{decimals}f}", f" {unit}" if unit else ""


def from_one(value: float) -> str:
    """An epoch, which files count from 0 and people from 1."""
    return f"{value + 1:.0f}"


def si(value: float) -> str:
    """A count with three digits and k, M or G.

    >>> si(1212435.9)
    '1.21 M'
    """
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {letter}"
    return f"{value:.3g}"
