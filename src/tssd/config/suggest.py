"""The nearest valid name, for messages about a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, valid: Iterable[str], *, shown: int = 12) -> str:
    """`did you mean X?`, or the valid names where none is near."""
    valid = list(valid)
    if close := get_close_matches(name, valid, n=1, cutoff=0.5):
        return f"did you mean {close[0]}?"
    listed = ", ".join(valid[:shown]) + (", ..." if len(valid) > shown else "")
    return f"valid are {listed}"
