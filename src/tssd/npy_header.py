"""Reading the headers of .npy files in several threads.

NumPy has Python's parser read them. In CPython up to 3.12 that parser counts its depth in one
place for all threads: when the garbage collector runs within it and lets another thread parse, it
raises SystemError ("AST constructor recursion depth mismatch") on a text that is sound.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_TRIES = 10


def parsed(read: Callable[[], T]) -> T:
    """What `read` returns, which is called again where the parser failed for no fault of the text.

    Args:
        read: Opens the file or goes to its start, and parses its header.

    Raises:
        SystemError: It failed ten times in a row.
    """
    for _ in range(_TRIES - 1):
        try:
            return read()
        except SystemError:
            continue
    return read()
