"""The bytes of a recording, and what kind of file they are."""

import os
import re
import stat
from pathlib import Path

from tssd.errors import DataError

_VERSION = re.compile(rb"#!AER-DAT([0-9]{1,3}\.[0-9]{1,3})\s*\Z")
_VERSION_LINE_LIMIT = 64

# The first member of an archive, or the end of an empty one.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def load(source: Path | bytes, name: str = "") -> tuple[bytes, str]:
    """Read a source whole, and say how to call it in messages.

    Whole, because whatever a stat call said, the checks then see the very bytes that are decoded,
    also when another program changes the file meanwhile.

    Args:
        source: A file, or its contents (a member of an archive).
        name: How to call it; the path if empty.

    Raises:
        DataError: The file cannot be read, is no regular file, or is an HTML page.
    """
    if isinstance(source, bytes):
        data, name = source, name or "<bytes>"
    else:
        path = os.fspath(source)
        name = name or path
        try:
            # A pipe or a device could deliver for ever.
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise DataError(f"{name} is not a file, expected a recording: give its path")
            with open(path, "rb", buffering=0) as file:
                data = file.readall()
        except OSError as error:
            raise DataError(
                f"{name} cannot be read ({error.strerror or error}): check the path and its rights"
            ) from error
        except ValueError as error:  # a NUL in the path
            raise DataError(f"{name!r} is not a path: correct it") from error
    if is_html(data):
        raise DataError(
            f"{name} is an HTML page, expected a recording: the server sent an error or login page "
            "instead of the file; download it again"
        )
    return data, name


def kind(data: bytes) -> str:
    """Say what the content looks like: "AEDAT 3.1", "a zip archive", "nothing (0 bytes)", ..."""
    if not data:
        return "nothing (0 bytes)"
    if version := aedat_version(data):
        return f"AEDAT {version}"
    if data.startswith(_ZIP):
        return "a zip archive"
    return f"bytes {data[:8].hex(' ')}"


def aedat_version(data: bytes) -> str | None:
    """The version in the first line of an AEDAT file, as "3.1"; None if there is no such line."""
    match = _VERSION.match(data[:_VERSION_LINE_LIMIT].partition(b"\n")[0])
    return match[1].decode("ascii") if match else None


def require_aedat(data: bytes, version: str, *, name: str) -> None:
    """Check the first line before anything else is believed.

    Raises:
        DataError: It is missing, or names another version.
    """
    if aedat_version(data) != version:
        raise DataError(
            f"{name} starts with {kind(data)}, expected AEDAT {version} (first line "
            f"#!AER-DAT{version}): use the reader of its format, or replace the file"
        )


def refuse_other_format(data: bytes, expected: str, *, name: str) -> None:
    """Refuse, for a format without a magic line, what is recognisably something else.

    Raises:
        DataError: The content is an AEDAT file or a zip archive.
    """
    if aedat_version(data) or data.startswith(_ZIP):
        raise DataError(
            f"{name} is {kind(data)}, expected {expected}: use the reader of its format"
        )


def is_html(data: bytes) -> bool:
    """Whether a file begins as the error and login pages do that servers send in its place."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n\v\f").lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))
