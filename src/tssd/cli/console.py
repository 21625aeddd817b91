"""Where commands print to."""

import os

from rich.console import Console

# Columns where standard output is no terminal and COLUMNS is not set: enough for our tables.
WIDE = 120


def console() -> Console:
    """Standard output, wide enough for a table also where it is not a terminal."""
    found = Console(highlight=False)
    if found.is_terminal or "COLUMNS" in os.environ:
        return found
    return Console(highlight=False, width=WIDE)
