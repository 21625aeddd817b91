import dataclasses
import math
import re
from typing import Annotated, Literal

import pytest

from tssd.runs.typed_json import plain, read_as


@dataclasses.dataclass(frozen=True)
class Inner:
    size: float
    kind: Literal["a", "b"] = "a"


@dataclasses.dataclass(frozen=True)
class Outer:
    name: str
    number: int
    inner: Inner | None = None
    from_: int | None = None
    rates: dict[str, tuple[float, ...]] = dataclasses.field(default_factory=dict)
    bins: tuple[float | None, ...] = ()
    counts: tuple[int, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()
    each: tuple[Inner, ...] = ()
    twice: Annotated[int, lambda value: 2 * value] = 0


FULL = {
    "name": "n", "number": 3, "inner": {"size": 1.5, "kind": "b"}, "from": 7,
    "rates": {"x": [0.5, 1]}, "bins": [None, 0.25], "counts": [1, 2], "rows": [[1], []],
    "each": [{"size": 2}], "twice": 4,
}  # fmt: skip


def test_every_kind_is_read_and_written():
    found = read_as(Outer, FULL)
    assert found == Outer(
        "n", 3, Inner(1.5, "b"), 7, {"x": (0.5, 1)}, (None, 0.25), (1, 2), ((1,), ()),
        (Inner(2),), 8,
    )  # fmt: skip
    again = FULL | {"twice": 8, "each": [{"size": 2, "kind": "a"}]}
    assert plain(found) == again


def test_what_is_missing_or_null_has_its_default_and_what_is_unknown_is_left_out():
    found = read_as(Outer, {"name": "n", "number": 0, "rates": None, "new": object()})
    assert found == Outer("n", 0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": 3}, "name is 3, expected text"),
        ({"number": -1}, "number is -1, expected a whole number, at least 0"),
        ({"number": True}, "number is True, expected a whole number, at least 0"),
        ({"number": 2.0}, "number is 2.0, expected a whole number, at least 0"),
        ({"number": 10**400}, "number is a huge number, expected a whole number, at least 0"),
        ({"number": None}, "it has no number"),
        ({"inner": []}, "inner is [], expected a mapping"),
        ({"inner": {}}, "it has no inner.size"),
        ({"inner": {"size": "1"}}, "inner.size is '1', expected a number"),
        ({"inner": {"size": 1e308}}, "inner.size is a huge number, expected a number"),
        ({"inner": {"size": 1, "kind": "c"}}, "inner.kind is 'c', expected 'a' or 'b'"),
        ({"inner": {"size": 1, "kind": []}}, "inner.kind is [], expected 'a' or 'b'"),
        ({"rates": []}, "rates is [], expected a mapping"),
        ({"rates": {"x": 1}}, "rates.x is 1, expected a list"),
        ({"rates": {"x": [1, "y"]}}, "rates.x[1] is 'y', expected a number"),
        ({"rates": {"x": [-(10**400)]}}, "rates.x[0] is a huge number, expected a number"),
        ({"rates": {"x": [math.nan, 1e31]}}, "rates.x[1] is a huge number, expected a number"),
        ({"counts": [1, 0.5]}, "counts[1] is 0.5, expected a whole number, at least 0"),
        ({"counts": [-1]}, "counts[0] is -1, expected a whole number, at least 0"),
        ({"rows": [[1], 2]}, "rows[1] is 2, expected a list"),
        ({"rows": {}}, "rows is {}, expected a list"),
        ({"each": [{"size": 1}, {}]}, "it has no each[1].size"),
        ({"name": ["x" * 100]}, f"name is {repr(['x' * 100])[:37]}..., expected text"),
    ],
)
def test_the_first_value_that_does_not_fit_is_named(change, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        read_as(Outer, FULL | change)


def test_what_is_no_mapping():
    with pytest.raises(ValueError, match=r"^it is \[1\], expected a mapping$"):
        read_as(Outer, [1])


def test_infinity_and_nan_are_numbers_and_null_among_numbers_is_nan():
    found = read_as(Outer, FULL | {"rates": {"x": [math.inf, math.nan, None]}, "bins": [math.nan]})
    assert found.rates["x"][0] == math.inf
    assert all(map(math.isnan, (*found.rates["x"][1:], *found.bins)))


def test_a_kind_that_json_does_not_have_is_a_mistake_of_ours():
    @dataclasses.dataclass
    class Odd:
        x: set[int]

    with pytest.raises(TypeError, match="cannot be read from JSON"):
        read_as(Odd, {})
