"""Numbers as people read them: rounded, as per cent, with a sign or a unit."""

import math
from collections.abc import Callable

Form = Callable[[float], str]


def percent(value: float) -> str:
    """A share as per cent with two decimals.

    >>> percent(0.37311)
    '37.31'
    """
    return f"{100 * value:.2f}"


def two(value: float) -> str:
    """Two decimals."""
    return f"{value:.2f}"


def three(value: float) -> str:
    """Three decimals."""
    return f"{value:.3f}"


def digits(value: float) -> str:
    """Four significant digits; what has five to seven before the point is a whole number.

    >>> digits(0.0038405), digits(12345.6)
    ('0.003841', '12,346')
    """
    return whole(value) if 9999.5 <= abs(value) < 1e7 else f"{value:.4g}"


def whole(value: float) -> str:
    """A whole number, thousands apart.

    >>> whole(145554)
    '145,554'
    """
    return f"{value:,.0f}"


def plain(value: float) -> str:
    """A whole number that is a name, such as a seed.

    >>> plain(20240601)
    '20240601'
    """
    return f"{value:.0f}"


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
    return lambda value: f"{value / factor:,.{decimals}f}", f" {unit}" if unit else ""


def from_one(value: float) -> str:
    """An epoch, which files count from 0 and people from 1."""
    return f"{value + 1:.0f}"


def si(value: float) -> str:
    """A count with three digits and k, M or G.

    >>> si(1212435.9)
    '1.21 M'
    """
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * factor:  # from there three digits are 1.00 of it
            return f"{value / factor:.3g} {letter}"
    return f"{value:.3g}"
