"""Writing a cache: into a temporary folder, complete on disk before it gets its name."""

import io
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tssd.events.binning import Counts
from tssd.events.cache import FRAMES, META, SAMPLE, STATISTICS, sealed
from tssd.events.cache_key import Key
from tssd.lock import Hold, locked

# Hidden, beside the caches. A folder of the first kind is in use while the lock of the same name is
# held, and a leftover otherwise; the second kind is for places without locks.
PARTIAL, UNLOCKED, LOCK = ".tssd-partial", ".tssd-unlocked", ".tssd-lock"

Shape = tuple[int, ...]


def lock_path(cache: Path) -> Path:
    """The lock file of a cache folder."""
    return cache.with_name(f".{cache.name}{LOCK}")


def partial_path(cache: Path, hold: Hold) -> Path:
    """The temporary folder from which a cache folder is renamed."""
    if hold is Hold.HELD:
        return cache.with_name(f".{cache.name}{PARTIAL}")
    return cache.with_name(f".{cache.name}.{os.getpid()}-{os.urandom(4).hex()}{UNLOCKED}")


def size_on_disk(shape: Shape, dtype: np.dtype) -> int:
    """Bytes of the two arrays of a cache."""
    frames = len(_header(shape, dtype)) + int(np.prod(shape, dtype=object)) * dtype.itemsize
    return frames + len(_header(shape[:1], SAMPLE)) + shape[0] * SAMPLE.itemsize


class Writer:
    """Writes samples one after the other; memory does not grow with their number.

    Ordinary writes, never through a memory map: a full disk is then an error and not a signal
    that ends the process.

    Args:
        folder: existing and empty.
        shape: of all frames, [M, T, 2, H, W].
        dtype: of the counts.
    """

    def __init__(self, folder: Path, shape: Shape, dtype: np.dtype) -> None:
        self._folder = folder
        self._shape = shape
        self._dtype = dtype
        self._statistics = np.zeros(shape[0], dtype=SAMPLE)
        self._done = 0
        self._crc = 0
        self._file: IO[bytes] = (folder / FRAMES).open("wb")
        self._header = _header(shape, dtype)
        self._write(self._header)

    def add(self, counts: Counts, statistics: tuple[int, int, int, int]) -> None:
        """Append a sample: counts [T, 2, H, W], and its row of the statistics."""
        assert (counts.shape, counts.dtype) == (self._shape[1:], self._dtype)
        self._statistics[self._done] = statistics
        self._done += 1
        self._write(np.ascontiguousarray(counts).data.cast("B"))

    def finish(
        self, key: Key, notes: Mapping[str, Sequence[str]], sources: Mapping[str, str]
    ) -> NDArray[np.void]:
        """Complete the folder, meta.json last, and wait until it is on disk."""
        assert self._done == self._shape[0]
        _sync(self._file)
        self._file.close()
        stat = (self._folder / FRAMES).stat()
        buffer = io.BytesIO()
        np.save(buffer, self._statistics)
        meta = {
            "key": key,
            "sources": dict(sources),
            "frames": {
                "bytes": stat.st_size,
                "header": len(self._header),
                "header_crc32": zlib.crc32(self._header),
                "crc32": self._crc,
                "mtime_ns": stat.st_mtime_ns,
            },
            "statistics": {"crc32": zlib.crc32(buffer.getvalue())},
            "notes": notes,
        }
        for name, content in (
            (STATISTICS, buffer.getvalue()),
            (META, sealed(meta).encode()),
        ):
            with (self._folder / name).open("wb") as file:
                file.write(content)
                _sync(file)
        sync_folder(self._folder)
        return self._statistics

    def close(self) -> None:
        """Give the file back, whatever is in it."""
        with suppress(OSError):  # what is still in the buffer may not fit on the disk
            self._file.close()

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._crc = zlib.crc32(data, self._crc)


@contextmanager
def appearing(path: Path, hold: Hold, *, replaces: bool = False) -> Iterator[Path]:
    """A folder to fill that becomes `path` at the end of the block; after an error nothing is left.

    Args:
        path: Its place; only without locks may another process be making it, too.
        hold: What asking for `lock_path(path)` came to.
        replaces: Whether what is at `path` is removed before.
    """
    temporary = partial_path(path, hold)
    if hold is Hold.HELD:  # whoever left it is dead
        remove(temporary)
    if replaces and os.path.lexists(path):
        path.rename(temporary)
        remove(temporary)
    temporary.mkdir()
    try:
        yield temporary
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():  # without locks another may have been first: its is as good
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(root: Path) -> None:
    """Remove what killed builders have left in a folder of caches, and only that."""
    for leftover in root.glob(f".*{PARTIAL}"):
        name = leftover.name.removesuffix(PARTIAL) + LOCK
        with locked(leftover.with_name(name)) as hold:
            if hold is Hold.HELD:
                remove(leftover)
    for lock in root.glob(f".*{LOCK}"):
        with locked(lock):  # removes it, if nobody holds it
            pass


def remove_lock(cache: Path) -> None:
    """Remove the lock file of a finished cache, if its builder was killed right at the end."""
    lock = lock_path(cache)
    with suppress(OSError):  # others may own the folder
        if lock.exists():
            with locked(lock):
                pass


def remove(path: Path) -> None:
    """Remove a folder, or the link or file in its place; never what a link points to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Have the entries of a folder on disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _header(shape: Shape, dtype: np.dtype) -> bytes:
    buffer = io.BytesIO()
    description = np.lib.format.dtype_to_descr(dtype)
    content = {"descr": description, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, content)
    return buffer.getvalue()
