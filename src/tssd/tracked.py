"""A progress bar over what takes long."""

from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")


def tracked(
    items: Iterable[Item],
    what: str,
    *,
    progress: bool = True,
    total: int | None = None,
) -> Iterable[Item]:
    """The same items, with a bar on standard error until they are done.

    Closing what is returned does not close a generator of items.

    Args:
        items: one after the other.
        what: a word or two.
        progress: whether there is a bar, if standard error shows one: a log is spared.
        total: how many items there are, if they don't say.
    """
    if not progress:
        return items
    console = Console(stderr=True)
    shown = console.is_terminal or console.is_jupyter
    return track(items, what, total=total, console=console, transient=True, disable=not shown)
