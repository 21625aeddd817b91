"""Several numbers as a neuron's option: a list, a tuple, an array or a tensor of them."""

from collections.abc import Iterable
from numbers import Real
from typing import Any

from tssd.errors import UsageError


def numbers(name: str, values: Any, expected: str) -> tuple[float, ...]:
    """Numbers as Python's own.

    Args:
        name: of the option.
        values: as they were given.
        expected: what a message says of what is none.
    Raises: UsageError: a single number, or something among them that is none.
    """
    found = values.tolist() if hasattr(values, "tolist") else values
    several = isinstance(found, Iterable) and not isinstance(found, str)
    each = tuple(found) if several else ()
    if not several or not all(isinstance(v, Real) and not isinstance(v, bool) for v in each):
        raise UsageError(f"{name}: got {found!r:.80}, {expected}")
    return tuple(float(value) for value in each)
