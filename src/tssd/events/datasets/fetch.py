"""Downloads of archives of one file each: checked, then unpacked, or nothing is left."""

import hashlib
import logging
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path

from tssd.atomic import replacing
from tssd.errors import DataError
from tssd.events.datasets.sources import Download

log = logging.getLogger("tssd")

BLOCK = 1 << 20  # bytes at once
SECONDS = 60  # without an answer

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


def fetch(downloads: Sequence[Download], folder: Path) -> None:
    """Download zip archives of one file each, and leave the files; those that are there stay.

    Args:
        downloads: The archives; each holds a file of its own name without ".zip".
        folder: Where to, made if missing.

    Raises:
        DataError: The server does not answer, what came has another checksum than expected, or the
            disk cannot be written. Nothing half-written is left.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made ({error.strerror or error})") from error
    for download in downloads:
        target = folder / download.file.removesuffix(".zip")
        if target.is_file():
            log.info("%s is there already", target)
            continue
        archive = folder / download.file
        if not archive.is_file():
            _download(download, archive)
        _unpack(archive, target, download)
        archive.unlink(missing_ok=True)


def _download(download: Download, archive: Path) -> None:
    log.info("downloading %s (%s)", download.url, download.size)
    digest = hashlib.md5(usedforsecurity=False)
    with replacing(archive) as file:
        for block in _blocks(download, archive):
            digest.update(block)
            file.write(block)
        if digest.hexdigest() != download.md5:
            raise DataError(
                f"{download.url} has the md5 {digest.hexdigest()}, expected {download.md5}: "
                "the server sent something else; try again, or get it by hand"
            )


def _blocks(download: Download, archive: Path) -> Iterator[bytes]:
    """What the server sends. Raises: DataError: it does not answer, or breaks off."""
    try:
        with urllib.request.urlopen(download.url, timeout=SECONDS) as source:
            while block := source.read(BLOCK):
                yield block
    except (OSError, HTTPException) as error:  # here, where no error can be one of the disk
        reason = getattr(error, "reason", None) or error
        raise DataError(
            f"{download.url} cannot be downloaded ({reason}): check the connection, or put "
            f"{download.file} into {archive.parent} by hand"
        ) from error


def _unpack(archive: Path, target: Path, download: Download) -> None:
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [name for name in packed.namelist() if Path(name).name == target.name]
            if len(members) != 1:
                raise DataError(
                    f"{archive} holds {packed.namelist()[:5]}, expected {target.name}: delete it, "
                    f"and get it from {download.url}"
                )
            with packed.open(members[0]) as source, replacing(target) as file:
                while block := source.read(BLOCK):
                    file.write(block)
    except _DAMAGED as error:
        raise DataError(
            f"{archive} is damaged ({error}): delete it, and get it from {download.url}"
        ) from error
