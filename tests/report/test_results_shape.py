import json
import math

import pytest

from tssd.report.results_shape import SHAPE, misfit
from tssd.training.run_folder import RunFolder


def leaves(shape, path=()):
    """Paths to every value a shape names, with its kind."""
    if isinstance(shape, dict):
        yield path, dict
        for key, inside in shape.items():
            yield from leaves(inside, (*path, "any" if key == "*" else key))
    elif isinstance(shape, list):
        yield path, list
        yield from leaves(shape[0], (*path, 0))
    else:
        yield path, shape


ALL = [(path, kind) for path, kind in leaves(SHAPE) if path]
WRONG = {int: -1, float: "x", str: 3, list: {}, dict: []}


def around(path, value):
    """Results in which only one value stands, at its path."""
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


def test_results_of_a_run_fit(trained):
    results = RunFolder(trained).read_results()
    assert misfit(results) is None
    assert misfit(json.loads(json.dumps(results))) is None
    # Nothing that training writes is left unchecked; `seed` and `split_hash` are checked elsewhere.
    assert set(results) - {"seed", "split_hash"} <= set(SHAPE)
    for epoch in ("best", "last"):
        assert set(results[epoch]) == set(SHAPE[epoch])
        assert set(results[epoch]["operations"]) == set(SHAPE[epoch]["operations"])


@pytest.mark.parametrize(("path", "kind"), ALL, ids=[".".join(map(str, p)) for p, _ in ALL])
def test_a_value_of_another_kind_is_named(path, kind):
    reason = misfit(around(path, WRONG[kind]))
    name = ".".join(map(str, path)).replace(".0", "[0]")
    assert reason.startswith(f"{name} is {WRONG[kind]!r}, expected ")
    assert misfit(around(path, True)) is not None
    assert misfit(around(path, None)) is None


def test_nan_fits_and_what_is_unknown_does():
    assert misfit({"best": {"nll": [0.5, math.nan, None, 1]}, "new": object()}) is None


def test_long_values_are_cut_short():
    reason = misfit({"best": "x" * 1000})
    assert reason == f"best is {repr('x' * 1000)[:37]}..., expected a mapping"
    assert misfit([]) == "it is [], expected a mapping"
