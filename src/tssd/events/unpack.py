"""Tar archives, which cannot be read at random: unpacked once, beside the caches."""

import gzip
import hashlib
import logging
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import wrap_file

from tssd.errors import DataError
from tssd.events.cache import CACHE_VARIABLE
from tssd.events.files import LARGEST, looks_like, member_parts
from tssd.events.writing import appearing, lock_path, remove_lock
from tssd.lock import Hold, locked

log = logging.getLogger("tssd")

# Bytes that stay free on the disk.
RESERVE = 64 << 20

# The first bytes of a gzip file; servers and browsers may unpack a .tar.gz on the way.
GZIP = b"\x1f\x8b"
TRAILER = 8  # bytes: checksum and size

# What is raised on damaged archives; the last two on absurd times of modification.
_UNREADABLE = (
    tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, OverflowError
)  # fmt: skip


def unpack(archive: Path, root: Path, suffixes: Iterable[str], *, advice: str = "") -> Path:
    """Unpack the files with one of these suffixes once; the folder may be deleted at any time.

    The folder's name holds the archive's size, time of modification and checksum, so another
    archive is unpacked anew. It appears under its name when it is complete. The archive stays as
    it is.

    Args:
        archive: A .tar or .tar.gz file.
        root: Where to, the folder of the caches.
        suffixes: Endings of the names wanted.
        advice: Where to get the archive, for the message if it is none.

    Returns:
        The folder with the files.

    Raises:
        DataError: No tar archive, damaged, a member that leaves the folder or is no plain file, or
            too little space.
    """
    try:
        name = hashlib.sha256(_stamp(archive).encode()).hexdigest()[:16]
        folder = root / f"unpacked-{name}"
        root.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            remove_lock(folder)
        else:
            with locked(lock_path(folder), on_wait=lambda: _tell_waiting(archive)) as hold:
                _unpack(archive, folder, tuple(suffixes), hold)
    except _UNREADABLE as error:
        raise DataError(
            f"{archive} is {looks_like(archive, GZIP)}, expected a whole .tar.gz archive "
            f"({' '.join(str(error).split())}){advice}"
        ) from error
    except OSError as error:
        raise DataError(
            f"{archive}: unpacking into {root} failed ({error.strerror or error}); check the "
            f"archive, the free space and the rights, or set {CACHE_VARIABLE} to another folder"
        ) from error
    return folder


def _stamp(archive: Path) -> str:
    """What tells an archive from every other, also from one of the same size and time."""
    with archive.open("rb") as file:
        found = os.fstat(file.fileno())
        start = file.read(len(GZIP))
        file.seek(max(found.st_size - TRAILER, 0))
        # gzip ends with the checksum of what it holds; a plain tar has none, but this time, which
        # nobody can set.
        own = file.read().hex() if start == GZIP else str(found.st_ctime_ns)
    return f"{archive.name} {found.st_size} {found.st_mtime_ns} {own}"


def _tell_waiting(archive: Path) -> None:
    log.warning("%s: another process is unpacking it; waiting for that one to finish", archive)


def _unpack(archive: Path, folder: Path, endings: tuple[str, ...], hold: Hold) -> None:
    if folder.is_dir():  # another process was faster
        return
    log.info("unpacking %s into %s", archive, folder)
    with appearing(folder, hold) as partial:
        _extract(archive, partial, endings)


def _extract(archive: Path, folder: Path, endings: tuple[str, ...]) -> None:
    console, size = Console(stderr=True), archive.stat().st_size
    with (
        archive.open("rb") as raw,
        wrap_file(
            raw, size, description="Unpacking", console=console, transient=True,
            disable=not console.is_terminal,
        ) as packed,
        _unzipped(packed) as plain,
    ):  # fmt: skip
        with tarfile.open(fileobj=plain, mode="r|") as tar:
            _extract_members(archive, tar, folder, endings)
        while plain.read(1 << 20):  # up to the end, where gzip compares the checksum
            pass


def _unzipped(packed: IO[bytes]) -> IO[bytes]:
    start = packed.read(len(GZIP))
    packed.seek(0)
    # Not by tarfile itself, which takes a .tar.gz that is cut off or damaged for a whole one.
    return gzip.GzipFile(fileobj=packed) if start == GZIP else packed  # pyright: ignore


def _extract_members(
    archive: Path, tar: tarfile.TarFile, folder: Path, endings: tuple[str, ...]
) -> None:
    for member in tar:
        parts = member_parts(archive, member.name)
        if not parts[-1].lower().endswith(endings) or parts[-1].startswith("."):
            continue
        source = tar.extractfile(member) if member.isreg() else None
        if source is None:
            raise DataError(f"{archive}: member {member.name!r} is a link, expected a file")
        _check_space(archive, member, folder)
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        os.utime(target, (member.mtime, member.mtime))


def _check_space(archive: Path, member: tarfile.TarInfo, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if member.size > LARGEST:
        raise DataError(
            f"{archive}: {member.name} would unpack to {member.size} bytes, which no recording "
            "does; the archive is damaged or made to fill the disk: get it anew"
        )
    if member.size + RESERVE > free:
        raise DataError(
            f"{folder.parent}: {member.size} bytes needed for {member.name}, {free} free; make "
            f"room, or set {CACHE_VARIABLE} to a folder on another disk"
        )
