"""Whether runs saw the same samples, by the fingerprints in their results."""

from collections.abc import Mapping, Sequence
from typing import Any


def fingerprints(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of each run: which samples were chosen, and what they held if all runs say so.

    Runs of earlier versions do not say what they held.

    >>> fingerprints([{"split_hash": "a", "content_hash": "1"}, {"split_hash": "a"}])
    ['a', 'a']
    >>> fingerprints([{"split_hash": "a", "content_hash": n} for n in "12"])
    ['a/1', 'a/2']
    """
    if all(run.get("content_hash") for run in runs):
        return [f"{run['split_hash']}/{run['content_hash']}" for run in runs]
    return [str(run["split_hash"]) for run in runs]
