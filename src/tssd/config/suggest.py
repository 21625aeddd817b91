"""The nearest valid name, for messages about a misspelt one."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from tssd.listed import and_dots

# Likeness, 0 to 1, from which a name is meant: `epoch` and `epochs` have 0.91, `devices` and
# `epochs` 0.46, `resume` and `v_reset` 0.62. Of dotted names with an unknown section the whole is
# compared, which is more alike.
NEAR, NEAR_AS_A_WHOLE = 0.65, 0.75

# Names of a section that are listed at most; it is seldom longer.
OF_A_SECTION = 24


def nearest(name: str, valid: Iterable[str], *, prefix: str = "", shown: int = 8) -> str:
    """`did you mean X?`, or the valid names where none is near.

    Of dotted names, one with the same last part is near: `epochs` means `trainer.epochs`. In a
    section that exists only its own names are near, and are listed if none is.

    Args:
        name: the misspelt name.
        valid: the names there are.
        prefix: put before the names in the answer, such as `--`.
        shown: how many names to list at most, unless they are those of the right section.
    """
    valid = list(valid)
    section, _, last = name.rpartition(".")
    if alike := [v for v in valid if _last(v) == last]:
        return f"did you mean {prefix}{max(alike, key=lambda v: _likeness(name, v))}?"
    own = [v for v in valid if section and v.rpartition(".")[0] == section]
    likeness = {v: _likeness(last, _last(v)) for v in own or ([] if section else valid)}
    cutoff = NEAR
    if not own:
        whole = {v: _likeness(name, v) for v in valid}
        likeness = {v: max(whole[v], likeness.get(v, 0.0)) for v in valid}
        cutoff = NEAR_AS_A_WHOLE if section else NEAR
    best = max(likeness, key=lambda v: likeness[v], default=None)
    if best is not None and likeness[best] >= cutoff:
        return f"did you mean {prefix}{best}?"
    listed, most = (own, OF_A_SECTION) if own else (valid, shown)
    text = and_dots([prefix + v for v in listed], most)
    return f"valid are {text}" if text else "none is valid here"


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _likeness(name: str, other: str) -> float:
    return SequenceMatcher(None, other, name).ratio()
