"""A progress bar over what takes long."""

from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")


def tracked(items: Iterable[Item], what: str, *, progress: bool) -> Iterable[Item]:
    """The same items, with a bar on standard error that says what is done.

    Args:
        items: one after the other.
        what: a word or two.
        progress: whether there is a bar, if standard error shows one: a log is spared.
    """
    if not progress:
        return items
    console = Console(stderr=True)
    shown = console.is_terminal or console.is_jupyter
    return track(items, what, console=console, disable=not shown)
