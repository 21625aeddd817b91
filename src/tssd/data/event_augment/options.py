"""Range checks of the options: each refusal is one line, `name: got X, expected Y`."""

import math

from tssd.errors import UsageError


def check_whole(name: str, value: int, *, low: int) -> None:
    """Refuse anything but a whole number >= low.

    Raises:
        UsageError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise UsageError(f"{name}: got {value!r}, expected a whole number >= {low}")


def check_between(name: str, value: float, low: float, high: float) -> None:
    """Refuse anything but a number in [low, high].

    Raises:
        UsageError: It is not.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or math.isnan(value) or not low <= value <= high:
        raise UsageError(f"{name}: got {value!r}, expected a number from {low:g} to {high:g}")


def check_ratios(name: str, values: tuple[float, ...]) -> None:
    """Refuse anything but one or more numbers in [0, 1].

    Raises:
        UsageError: There are none, or one is out of range.
    """
    if not isinstance(values, list | tuple) or not values:
        raise UsageError(f"{name}: got {values!r}, expected one or more numbers from 0 to 1")
    for value in values:
        check_between(name, value, 0, 1)
