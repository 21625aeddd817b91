"""Whether two runs of a method were trained alike, but for the seed."""

from itertools import zip_longest
from pathlib import Path

from tssd.not_trained import NOT_TRAINED
from tssd.report.text_files import read_text

# Keys as they stand in a line of YAML, without the sections above them.
FREE = ("seed", "description", *(name.rpartition(".")[2] for name in NOT_TRAINED))


def other_option(path: Path, like: Path) -> str | None:
    """The first line in which two configurations differ, in words; None = they are alike.

    Raises: DataError: one of both cannot be read.

    Args:
        path: config.yaml of the run in question.
        like: config.yaml of the run that it is compared with.
    """
    own, others = _lines(path), _lines(like)
    if own == others:
        return None
    pairs = zip_longest(own, others, fillvalue="nothing")
    found, expected = next((a, b) for a, b in pairs if a != b)
    return f"{found.strip()!r} where {like.parent.name} has {expected.strip()!r}"


def _lines(path: Path) -> list[str]:
    """The lines that count. Compared as text: a YAML parser takes milliseconds a file."""
    return [
        line for line in read_text(path).splitlines() if line.lstrip().partition(":")[0] not in FREE
    ]
