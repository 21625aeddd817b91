"""The files of a data set, in a folder or still in the zip archive that was downloaded."""

import os
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from tssd.errors import DataError
from tssd.events.formats.source import is_html

# What a recording may take at most once unpacked: the longest of the data sets read here are tens
# of megabytes long.
LARGEST = 2 << 30

# Deflate shrinks zeros a thousandfold and recordings two- to fourfold; beyond this, for members
# that are large, an archive is made to fill memories.
DENSEST, DENSE_FROM = 200, 16 << 20

BLOCK = 1 << 20  # bytes read at once

# What operating systems and archivers leave behind.
FOREIGN = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})

# What zipfile raises on archives that are damaged, cut off, encrypted or exotic.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)


class File(Protocol):
    """A file, wherever it lies."""

    @property
    def name(self) -> str:
        """Path below the folder or the archive's root, with slashes."""
        ...

    @property
    def place(self) -> str:
        """Where it lies, for messages."""
        ...

    @property
    def stamp(self) -> tuple[int, ...]:
        """What identifies the content, looked up anew at each call where that is cheap."""
        ...

    @property
    def change(self) -> tuple[int, ...]:
        """What no writing leaves as it was, though the stamp may stay; empty if the stamp tells."""
        ...

    def checksum(self) -> int:
        """CRC-32 of the content."""
        ...

    def content(self) -> Path | bytes:
        """What the readers of `tssd.events.formats` take as their source."""
        ...


@dataclass(frozen=True)
class PlainFile:
    """A file in a folder.

    Args:
        folder: The folder.
        name: Path below it, with slashes.
    """

    folder: Path
    name: str

    @property
    def place(self) -> str:
        """Its path."""
        return str(self.folder / self.name)

    @property
    def stamp(self) -> tuple[int, ...]:
        """Size in bytes and time of modification in nanoseconds."""
        found = self._stat()
        return found.st_size, found.st_mtime_ns

    @property
    def change(self) -> tuple[int, ...]:
        """Time of the last change of any kind, which nobody can set, and number on the disk."""
        found = self._stat()
        return found.st_ctime_ns, found.st_ino

    def checksum(self) -> int:
        """CRC-32 of the content."""
        crc = 0
        try:
            with open(self.content(), "rb", buffering=0) as file:
                while block := file.read(BLOCK):
                    crc = zlib.crc32(block, crc)
        except OSError as error:
            raise self._unreadable(error) from error
        return crc

    def content(self) -> Path:
        """Its path."""
        return self.folder / self.name

    def _stat(self) -> os.stat_result:
        try:
            return os.stat(self.content())
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> DataError:
        return DataError(f"{self.place} cannot be read ({error.strerror}): restore it")


@dataclass(frozen=True)
class ZippedFile:
    """A member of a zip archive.

    Args:
        archive: The archive.
        name: Path in it.
        stamp: Size in bytes once unpacked, and CRC-32.
    """

    archive: Path
    name: str
    stamp: tuple[int, ...]
    change: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """The archive and the path in it."""
        return f"{self.archive}: {self.name}"

    def checksum(self) -> int:
        """CRC-32 of the content, as the archive's directory has it."""
        return self.stamp[1]

    def content(self) -> bytes:
        """Unpack it into memory. Raises: DataError: damaged."""
        try:
            return _opened(self.archive, self.archive.stat().st_mtime_ns).read(self.name)
        except (*_UNREADABLE, KeyError) as error:
            raise DataError(
                f"{self.place} is damaged ({error}): download the archive again"
            ) from error


def list_folder(folder: Path, suffixes: Iterable[str]) -> list[PlainFile]:
    """All files below a folder with one of these suffixes, sorted by name; links are followed.

    Raises:
        DataError: A folder cannot be listed.
    """
    endings = tuple(suffixes)
    found: list[PlainFile] = []
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=_refuse_folder):
        if (real := os.path.realpath(place)) in seen:  # a link in a circle
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name not in FOREIGN and name[0] != ".")
        inside = Path(place).relative_to(folder)
        for name in names:
            if name.lower().endswith(endings) and name not in FOREIGN and name[0] != ".":
                found.append(PlainFile(folder, (inside / name).as_posix()))
    return sorted(found, key=lambda file: file.name)


def _refuse_folder(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):  # a folder that is not there holds nothing
        return
    raise DataError(
        f"{error.filename} cannot be listed ({error.strerror}): check its rights"
    ) from error


def list_zip(archive: Path, suffixes: Iterable[str], *, advice: str = "") -> list[ZippedFile]:
    """All members of a zip archive with one of these suffixes, sorted by name; nothing is unpacked.

    Args:
        archive: The archive.
        suffixes: Endings of the names wanted, such as ".aedat".
        advice: Where to get the archive, for the message if it is none.

    Raises:
        DataError: No zip archive (such as the HTML page of a login), encrypted, a member that
            would leave the folder it is unpacked in, or one that unpacks to an absurd size.
    """
    try:
        members = _opened(archive, archive.stat().st_mtime_ns).infolist()
    except _UNREADABLE as error:
        raise DataError(
            f"{archive} is {looks_like(archive, b'PK')}, expected a zip archive ({error}){advice}"
        ) from error
    endings = tuple(suffixes)
    found = []
    for member in members:
        parts = member_parts(archive, member.filename, advice=advice)
        name = parts[-1]
        if (
            member.is_dir()
            or not name.lower().endswith(endings)
            or name.startswith(".")
            or not FOREIGN.isdisjoint(parts)
        ):
            continue
        _check_size(archive, member)
        found.append(ZippedFile(archive, member.filename, (member.file_size, member.CRC)))
    return sorted(found, key=lambda file: file.name)


def member_parts(archive: Path, name: str, *, advice: str = "") -> list[str]:
    """The parts of a member's path. Raises: DataError: it leaves the folder it is put in."""
    # Not by pathlib, which takes longer than reading the list of 60,000 members.
    parts = name.replace("\\", "/").split("/")
    if (not parts[0] and len(parts) > 1) or ".." in parts or parts[0][1:2] == ":":
        raise DataError(
            f"{archive}: member {name!r} leaves the folder; this is no archive of recordings: "
            f"delete it{advice}"
        )
    return parts


def _check_size(archive: Path, member: zipfile.ZipInfo) -> None:
    size, packed = member.file_size, member.compress_size
    if member.flag_bits & 1:
        raise DataError(f"{archive}: {member.filename} is encrypted; expected an open archive")
    if size > LARGEST or (size > DENSE_FROM and size > DENSEST * packed):
        raise DataError(
            f"{archive}: {member.filename} would unpack from {packed} to {size} bytes, which no "
            "recording does; the archive is damaged or made to fill the memory: get it anew"
        )


def looks_like(path: Path, magic: bytes) -> str:
    """What a file is that cannot be read as an archive beginning with these bytes."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        return f"not readable ({error.strerror})"
    if is_html(start):
        return "an HTML page (an error or login page of the server)"
    if not start:
        return "empty"
    return "cut off or damaged" if start.startswith(magic) else "something else"


def zip_comment(archive: Path) -> bytes:
    """The comment of a zip archive; one that `list_zip` has listed is not opened again."""
    return _opened(archive, archive.stat().st_mtime_ns).comment


# An archive of 60,000 members takes a second to list: opened once, and anew when it has changed.
# Reading members from several threads at once is safe.
@lru_cache(maxsize=16)
def _opened(archive: Path, mtime_ns: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive)
