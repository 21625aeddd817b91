"""Every message that docs/troubleshooting.md explains is one that the source has."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
# What follows are messages of other packages.
OWN = PAGE.partition("## Messages of other packages")[0]
MESSAGES = re.findall(r"^\| `([^`]+)`", OWN, re.MULTILINE)


def texts(path):
    """Strings in a file: the pieces between what is filled in, those on several lines joined."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_message_stands_in_the_source():
    source = "\n".join(text for path in (ROOT / "src").rglob("*.py") for text in texts(path))
    missing = [
        message
        for message in MESSAGES
        if not all(piece.strip(" ;:,") in source for piece in message.split("..."))
    ]
    assert len(MESSAGES) > 20
    assert not missing
