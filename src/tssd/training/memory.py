"""Freed memory stays with the process while it trains.

Each step frees what it allocated, hundreds of MiB, and glibc hands large blocks back to the system
at once, which then fills them with zeros anew, page by page, for the next step to write over.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

# Options of glibc's mallopt and their values: those that keep memory, and glibc's own.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
KEEPS = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1))
USUAL = ((M_MMAP_MAX, 65_536), (M_TRIM_THRESHOLD, 128 * 1024))


@contextmanager
def memory_kept() -> Iterator[None]:
    """Within, what is freed is not handed back; at the end all of it is. Speed alone.

    Without glibc (macOS, Windows, musl) it does nothing. In another thread than the main one blocks
    above 64 MiB go back all the same.
    """
    try:
        libc = ctypes.CDLL(None)
        mallopt, malloc_trim = libc.mallopt, libc.malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; of Windows: TypeError
        yield
        return
    for option in KEEPS:
        mallopt(*option)
    try:
        yield
    finally:
        for option in USUAL:
            mallopt(*option)
        malloc_trim(0)
