"""Where commands print to."""

import os

from rich.console import Console

# Columns where standard output is no terminal and COLUMNS is not set: enough for our tables.
WIDE = 120


class PipeConsole(Console):
    """A console that leaves it to `main` what happens when the reader of a pipe has enough."""

    def on_broken_pipe(self) -> None:
        """Rich would end the program as failed."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output, wide enough for a table also where it is not a terminal."""
    found = PipeConsole(highlight=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = WIDE
    return found
