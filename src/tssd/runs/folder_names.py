"""Names of run folders: made of recipes and options, yet always below the folder they belong in."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from tssd.errors import UsageError

# Bytes of one part of a path; file systems take 255, and temporary files add to a name.
LONGEST = 200
# What every file system keeps as it is. "=" only ever stands between an option and its value.
_PART = re.compile(r"[\w+\-,()\[\] .]+")
_OPTION = re.compile(r"[\w.]+=[\w+\-,()\[\] .]+")


def folder_name(name: str, options: Sequence[tuple[str, str]] = ()) -> str:
    """A relative path that only this name with these options has, always downwards.

    Harmless ones stay as they are; others get a readable beginning and a hash.

    >>> folder_name("digits/tssd", [("timesteps.teacher", "3")])
    'digits/tssd,timesteps.teacher=3'
    >>> folder_name("digits/tssd", [("data.root", "../../data")])
    'digits-tssd-data.root-data~32c22c19a0ef'

    Args:
        name: of a recipe; its slashes make folders.
        options: pairs of dotted name and value, which make none.
    """
    said = [f"{key}={value}" for key, value in options]
    whole = ",".join([name, *said])
    parts = name.split("/")
    if (
        all(map(_PART.fullmatch, parts))
        and all(map(_OPTION.fullmatch, said))
        and all(map(_kept, whole.split("/")))
    ):
        return whole
    return hashed_name(whole, (name, tuple(options)))


def file_name(name: str) -> str:
    """The same for a file: one part of a path, without a suffix."""
    return hashed_name(name, name) if "/" in name else folder_name(name)


def hashed_name(whole: str, known: object) -> str:
    """One part of a path: a readable beginning, and a hash of all that is known.

    Args:
        whole: that it begins with, as far as every file system keeps it.
        known: whatever tells it from others, by its `repr`.
    """
    readable = re.sub(r"[^a-z0-9._]+|\.\.+", "-", whole.lower())
    readable = re.sub(r"-+", "-", readable)[:40].strip("-._")
    hashed = hashlib.sha256(repr(known).encode("utf-8", "surrogatepass")).hexdigest()
    # No harmless name has a "~", so that none is ever equal to this.
    return f"{readable}~{hashed[:12]}"


def refuse_shared(folders: Iterable[tuple[Path, str]]) -> None:
    """Two things that are not the same never get one folder, nor one inside the other's.

    Args:
        folders: each with what it belongs to, in words.
    Raises: UsageError: names both.
    """
    owners: dict[tuple[str, ...], str] = {}
    for folder, words in folders:
        # File systems may ignore case, and the way in which accents are written.
        parts = tuple(unicodedata.normalize("NFC", part).casefold() for part in folder.parts)
        if (other := owners.setdefault(parts, words)) != words:
            raise UsageError(f"{other} and {words} would share the folder {folder}; rename one")
    for parts, words in owners.items():
        for depth in range(1, len(parts)):
            if other := owners.get(parts[:depth]):
                raise UsageError(
                    f"the folder of {words} would be inside that of {other}, "
                    f"{'/'.join(parts[:depth])}; rename one"
                )


def _kept(part: str) -> bool:
    """Whether a file system keeps a part of a path: short, not hidden, no dots at its end."""
    return len(part.encode()) <= LONGEST and part[0] not in ". " and part[-1] not in ". "
