"""Trained networks that come with tssd: small ones, to look at and to begin with."""

from pathlib import Path

from tssd.errors import UsageError
from tssd.hub.name import PREFIX

FOLDER = Path(__file__).with_name("networks")


def shipped() -> dict[str, Path]:
    """Their run folders, by name. To be read only."""
    return {path.parent.name: path.parent for path in sorted(FOLDER.glob("*/config.yaml"))}


def shipped_folder(name: str) -> Path:
    """The run folder of one. Raises: UsageError: there is none of this name; lists all."""
    found = shipped()
    if name not in found:
        raise UsageError(
            f"{PREFIX}{name}: no such network comes with tssd; there are {', '.join(found)} "
            "(`tssd hub`), and on a hub hub:OWNER/NAME"
        )
    return found[name]
