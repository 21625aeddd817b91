"""What results.json is made of, to tell a damaged one before half a page is drawn."""

import math
from typing import Any

# A mapping with names of one's own has the shape "*" for each value; [shape] is a list of any
# length. Lists of numbers hold null where nothing was measured, and NaN.
NUMBERS = [float]
TOTALS = {
    "macs": NUMBERS,
    "acs": NUMBERS,
    "graded_acs": NUMBERS,
    "energy_uj": NUMBERS,
    "energy_graded_as_macs_uj": NUMBERS,
}
EVALUATION = {
    "epoch": int,
    "timesteps": int,
    "report_at": int,
    "samples": int,
    "accuracy": NUMBERS,
    "nll": NUMBERS,
    "calibration_error": NUMBERS,
    "reliability": {"samples": NUMBERS, "confidence": NUMBERS, "accuracy": NUMBERS},
    "confusion": [NUMBERS],
    "firing_rates": {"*": NUMBERS},
    "mean_firing_rate": NUMBERS,
    "operations": {
        "layers": {
            "*": {
                "kind": str,
                "count": NUMBERS,
                "density": NUMBERS,
                "dense_macs": float,
                "graded": NUMBERS,
                "graded_share": NUMBERS,
                "unpadded": NUMBERS,
                "unpadded_graded": NUMBERS,
            }
        },
        **TOTALS,
        "graded_share": NUMBERS,
        "unpadded": TOTALS,
        "energy_model": {"mac_pj": float, "ac_pj": float, "source": str},
        "uncounted": [str],
        "rule": str,
    },
    "uncounted": [str],
    "early_exit": {
        "*": {
            "thresholds": NUMBERS,
            "accuracy": NUMBERS,
            "leaving": NUMBERS,
            "costs": {
                "macs": NUMBERS,
                "acs": NUMBERS,
                "energy_uj": NUMBERS,
                "energy_graded_as_macs_uj": NUMBERS,
                "energy_saved": NUMBERS,
                "weak_energy_uj": float,
            },
        }
    },
}
SHAPE = {
    "description": str,
    "selected": str,
    "selected_because": str,
    "timesteps": {"student": int, "teacher": int},
    "dataset": str,
    "split_sizes": {"*": int},
    "content_hash": str,
    "parameters": int,
    "epochs": int,
    "changes": [{"option": str, "from": int, "to": int, "epochs_trained": int}],
    "train_seconds": float,
    "last": EVALUATION,
    "best": EVALUATION,
}
_NUMERIC = {int, float}
# What is larger is no measurement, and overflows where it is squared; infinity and NaN may be.
HUGE = 1e30
EXPECTED = {
    int: "a whole number, at least 0",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


def misfit(value: Any, shape: Any = None) -> str | None:
    """The first value that is not of the kind it should be, in words; None = all are.

    What is missing or null was not measured, and what is not known is of a later version: both fit.

    >>> misfit({"best": {"nll": 3}})
    'best.nll is 3, expected a list'

    Args:
        value: content of results.json, or a part of it.
        shape: of the part; None = of the whole.
    """
    found = _first_wrong(value, SHAPE if shape is None else shape)
    if found is None:
        return None
    name, wrong, kind = found
    huge = type(wrong) in _NUMERIC and abs(wrong) >= HUGE
    shown = "a huge number" if huge else repr(wrong)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
    return f"{name.lstrip('.') or 'it'} is {shown}, expected {EXPECTED[kind]}"


def _first_wrong(value: Any, shape: Any) -> tuple[str, Any, type] | None:
    """Its name, itself, and the kind it should be. Names are made only where something is wrong."""
    if value is None:
        return None
    kind = shape if isinstance(shape, type) else type(shape)
    if not _is(value, kind):
        return "", value, kind
    if isinstance(shape, list):
        # Most of the file are lists of numbers, and nearly always all is well.
        if (
            shape is NUMBERS
            and {*map(type, value)} <= _NUMERIC
            and max(map(abs, value), default=0) < HUGE
        ):
            return None
        for n, item in enumerate(value):
            if found := _first_wrong(item, shape[0]):
                return f"[{n}]{found[0]}", *found[1:]
    elif isinstance(shape, dict):
        others = shape.get("*")
        for key, item in value.items():
            if (of := shape.get(key, others)) and (found := _first_wrong(item, of)):
                return f".{key}{found[0]}", *found[1:]
    return None


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return type(value) in _NUMERIC and not _is_huge(value)
    if kind is int:
        return type(value) is int and 0 <= value < HUGE
    return isinstance(value, kind)


def _is_huge(value: float) -> bool:
    return HUGE <= abs(value) < math.inf
