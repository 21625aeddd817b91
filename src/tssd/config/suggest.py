"""The nearest valid name, for messages about a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, valid: Iterable[str], *, prefix: str = "", shown: int = 8) -> str:
    """`did you mean X?`, or the valid names where none is near.

    Of dotted names, one with the same last part is near: `epochs` means `trainer.epochs`.

    Args:
        name: the misspelt name.
        valid: the names there are.
        prefix: put before the names in the answer, such as `--`.
        shown: how many names to list at most.
    """
    valid = list(valid)
    alike = [v for v in valid if v.rpartition(".")[2] == name.rpartition(".")[2]]
    cutoff = 0.0 if alike else 0.5
    if close := get_close_matches(name, alike or valid, n=1, cutoff=cutoff):
        return f"did you mean {prefix}{close[0]}?"
    listed = ", ".join(prefix + v for v in valid[:shown]) + (", ..." if len(valid) > shown else "")
    return f"valid are {listed}" if listed else "none is valid here"
