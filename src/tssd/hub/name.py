"""What a trained network is called: `hub:NAME`, or `hub:OWNER/NAME[@REVISION]` on a hub."""

import re
from pathlib import Path
from typing import NamedTuple, Self

from tssd.errors import UsageError

PREFIX = "hub:"
FORM = "hub:NAME of those that `tssd hub` lists, or hub:OWNER/NAME[@REVISION]"
# Hugging Face's rules for owner and name, so that a mistake is told without asking it.
_PART = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?", re.ASCII)
# A branch, a tag, a commit or a pull request, such as refs/pr/1.
_REVISION = re.compile(r"(?!.*\.\.)\w[\w./-]{0,199}", re.ASCII)


class HubName(NamedTuple):
    """The name of a trained network.

    Args:
        name: of the network.
        owner: of its repository; None = it comes with tssd.
        revision: of the repository; None = its newest.
    """

    name: str
    owner: str | None = None
    revision: str | None = None

    @classmethod
    def parse(cls, text: str, *, expected: str = FORM) -> Self:
        """A name, with or without `hub:` before it.

        >>> HubName.parse("hub:jane/digits@v2")
        HubName(name='digits', owner='jane', revision='v2')

        Args:
            text: the name.
            expected: what the message says of its form.
        Raises: UsageError: it is none.
        """
        path, at, revision = text.removeprefix(PREFIX).partition("@")
        owner, slash, name = path.rpartition("/")
        right = _PART.fullmatch(name) and not name.endswith(".git")
        right = right and (not slash or _PART.fullmatch(owner))
        # Those that come with tssd have no revisions but tssd's.
        if not right or (at and not (slash and _REVISION.fullmatch(revision))):
            raise UsageError(f"{text!r} is not the name of a trained network; expected {expected}")
        return cls(name, owner if slash else None, revision if at else None)

    @property
    def repository(self) -> str:
        """OWNER/NAME; of one that comes with tssd its name."""
        return f"{self.owner}/{self.name}" if self.owner else self.name

    def __str__(self) -> str:
        return f"{PREFIX}{self.repository}" + (f"@{self.revision}" if self.revision else "")


def is_hub_name(path: str | Path) -> bool:
    """Whether this is the name of a trained network, and not a path."""
    return str(path).startswith(PREFIX)
