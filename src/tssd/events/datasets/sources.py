"""Where the recordings of a data set lie: extracted, zipped, or as SpikingJelly leaves them."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tssd.errors import DataError
from tssd.events.datasets.simulated import is_simulated
from tssd.events.files import File, list_folder, list_zip

log = logging.getLogger("tssd")

# Folders in which SpikingJelly keeps the archives and the recordings it has converted.
DOWNLOADED, CONVERTED = "download", "events_np"

# A pattern that no path matches: most data sets have no conversion.
NOTHING = r"(?!)"


@dataclass(frozen=True)
class Download:
    """An archive as it is offered.

    Args:
        file: Its name.
        url: Where to get it.
        size: About how large it is, in words.
        md5: Its checksum.
    """

    file: str
    url: str
    size: str
    md5: str


@dataclass(frozen=True)
class Found:
    """Recordings, and what their names say.

    Args:
        files: The recordings, sorted by their fields.
        fields: The named groups of the pattern for each of them.
        converted: Whether they are SpikingJelly's .npz files.
        simulated: Whether a note beside them says that they were simulated.
    """

    files: Sequence[File]
    fields: Sequence[Mapping[str, str]]
    converted: bool = False
    simulated: bool = False

    @property
    def names(self) -> list[str]:
        """What each is called, the same wherever and in whatever format it lies."""
        return ["/".join(fields.values()).lower() for fields in self.fields]


def find_recordings(
    folder: Path,
    dataset: str,
    *,
    suffix: str,
    pattern: str,
    converted: str = NOTHING,
    downloads: Sequence[Download] = (),
    archives: Sequence[str] = (),
) -> Found:
    """Look for extracted recordings, then for zip archives, then for SpikingJelly's conversion.

    Nothing is downloaded, unpacked, moved or deleted.

    Args:
        folder: The data set's folder.
        dataset: Its name, for messages.
        suffix: Ending of a recording's name, such as ".bin".
        pattern: Regular expression that the end of a recording's path matches, groups named.
        converted: The same for SpikingJelly's .npz files, below its folder for them.
        downloads: The archives as they are offered, for the message if nothing is there.
        archives: Other names under which the same zip archives are known.

    Raises:
        DataError: Nothing is there, or an archive is none.
    """
    advice = f"; {where_from(downloads, folder)}" if downloads else ""
    simulated = is_simulated(folder)
    plain = list_folder(folder, (suffix,)) if os.path.isdir(folder) else []
    plain = [file for file in plain if not file.name.startswith(f"{CONVERTED}/")]
    names = dict.fromkeys([*(d.file for d in downloads if d.file.endswith(".zip")), *archives])
    zips = {
        path.resolve(): path
        for name in names
        for path in (folder / name, folder / DOWNLOADED / name)
        if os.path.isfile(path)
    }
    if found := _matching(plain, pattern):
        if zips:
            names = ", ".join(path.name for path in zips.values())
            log.info("%s: recordings lie there unpacked, so %s is not read", folder, names)
        return Found(*found, simulated=simulated)
    zipped = [file for path in zips.values() for file in list_zip(path, (suffix,), advice=advice)]
    if found := _matching(zipped, pattern):
        simulated = simulated or any(is_simulated(path) for path in zips.values())
        return Found(*found, simulated=simulated)
    if (npz := find_converted(folder, converted)) is not None:
        return npz
    if zips:
        raise DataError(
            f"{dataset}: no {suffix} recordings of it in {', '.join(map(str, zips.values()))}"
            f"{advice}"
        )
    raise missing(dataset, folder, downloads)


def find_converted(folder: Path, pattern: str) -> Found | None:
    """Look for SpikingJelly's .npz files; None if there are none.

    Args:
        folder: The data set's folder.
        pattern: Regular expression that the end of a recording's path matches, groups named.
    """
    files = list_folder(folder / CONVERTED, (".npz",)) if os.path.isdir(folder) else []
    found = _matching(files, pattern)
    return None if found is None else Found(*found, converted=True, simulated=is_simulated(folder))


def missing(dataset: str, folder: Path, downloads: Sequence[Download]) -> DataError:
    """The error that says what to fetch, from where, and where to put it."""
    advice = f"{where_from(downloads, folder)}; or " if downloads else ""
    return DataError(
        f"{dataset}: no recordings in {folder}; {advice}correct --data.root, --data.folder or "
        "TSSD_DATA"
    )


def where_from(downloads: Sequence[Download], folder: Path) -> str:
    """What to fetch, from where, and where to put it, on one line."""
    files = ", ".join(f"{d.file} ({d.size}, md5 {d.md5}) from {d.url}" for d in downloads)
    return f"get {files} and put it into {folder}, packed or unpacked"


def _matching(
    files: Sequence[File], pattern: str
) -> tuple[list[File], list[Mapping[str, str]]] | None:
    """The files whose path ends in the pattern, each recording once; None if there are none."""
    expression = re.compile(rf"(?:^|/){pattern}", re.IGNORECASE)
    chosen: dict[tuple[str, ...], tuple[File, Mapping[str, str]]] = {}
    matches = 0
    # The same recording may lie there twice, say in a backup: the one nearest to the top counts.
    for file in sorted(files, key=lambda file: file.name.count("/")):
        if match := expression.search(file.name):
            fields = match.groupdict()
            matches += 1
            chosen.setdefault(tuple(value.lower() for value in fields.values()), (file, fields))
    if not chosen:
        return None
    if left := len(files) - len(chosen):
        first = files[0].place.removesuffix(files[0].name)
        log.info(
            "%s: %d of %d recordings are left out (%d of other names, %d second copies)",
            first, left, len(files), len(files) - matches, matches - len(chosen),
        )  # fmt: skip
    ordered = [chosen[key] for key in sorted(chosen)]
    return [file for file, _ in ordered], [fields for _, fields in ordered]
