"""A cache of frames on disk: what it holds, and the checks before it is used."""

import json
import logging
import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.events.binning import Counts
from tssd.events.cache_key import Key, Recording, change_of, content_of
from tssd.npy_header import parsed

FRAMES, STATISTICS, META = "frames.npy", "statistics.npy", "meta.json"
CACHE_VARIABLE = "TSSD_CACHE"
BLOCK = 2**22  # bytes read at once by a full check

# Of a sample: events read, time from the first to the last in microseconds, cells that hit the
# maximum, and timesteps without events.
SAMPLE = np.dtype([(name, "<i8") for name in ("events", "duration", "saturated", "empty")])

log = logging.getLogger("tssd")


class DamagedError(Exception):
    """A cache is there but cannot be used; says why."""


class FrameCache:
    """Frames of all samples of a data set, on disk. Made by `build.open_frames`.

    Cheap to send to another process: the frames travel as a path.

    Attributes:
        path: of the folder.
        statistics: events, duration (microseconds), saturated (cells), empty (timesteps) of each
            sample, a structured int64 array [M].
        notes: what was dropped or repaired, a list of clauses by name of recording.
        nbytes: size of the frames on disk.
        content: hash of the content of all the files it was made from.
    """

    def __init__(self, path: Path, meta: dict[str, Any], statistics: NDArray[np.void]) -> None:
        self.path = path
        self.statistics = statistics
        self.notes: dict[str, list[str]] = meta["notes"]
        self.nbytes: int = meta["frames"]["bytes"]
        self.content: str = meta["sources"]["content"]
        self._frames: Counts | None = None

    def __len__(self) -> int:
        return len(self.statistics)

    @property
    def frames(self) -> Counts:
        """Counts [M, T, 2, H, W], uint8 or uint16, read-only, mapped from the disk."""
        if self._frames is None:
            mapped = parsed(lambda: np.lib.format.open_memmap(self.path / FRAMES, mode="r"))
            # As a plain array: np.memmap adds microseconds to every indexing.
            self._frames = mapped.view(np.ndarray)
        return self._frames

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_frames": None}


def read_cache(
    path: Path, key: Key, recordings: Sequence[Recording] | None = None
) -> FrameCache | None:
    """Open the cache in a folder after checking it; None if there is none.

    The frames are read in full, and compared with their checksum, only if size or modification
    time are not those of the last full check.

    Args:
        path: of the folder.
        key: the complete key that it must have, plain values.
        recordings: what it must have been made from; read only if they may have changed. None if
            they are not there.

    Raises: DamagedError: it is incomplete, changed, or of another key.
    """
    if not os.path.lexists(path):
        return None
    try:
        meta = _meta(path)
        if meta["key"] != key:
            raise DamagedError("it was made with other options or from other files")
        statistics = _statistics(path, meta)
        _check_frames(path, meta["frames"], meta)
        if recordings is not None:
            _check_sources(path, meta, recordings)
        cache = FrameCache(path, meta, statistics)
        _ = cache.frames  # mapped here, so that what cannot be mapped is found here
    except OSError as error:
        raise DamagedError(f"{error.filename or path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"incomplete or changed ({type(error).__name__}: {error})") from error
    return cache


def sealed(meta: Mapping[str, Any]) -> str:
    """Content of meta.json: `meta` and its checksum."""
    content = {name: value for name, value in meta.items() if name != "crc32"}
    crc = zlib.crc32(json.dumps(content, sort_keys=True).encode())
    return json.dumps(content | {"crc32": crc}, indent=1)


def _meta(path: Path) -> dict[str, Any]:
    content = (path / META).read_bytes()
    try:
        meta = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{META} is cut or has changed") from error
    if not isinstance(meta, dict) or sealed(meta).encode() != content:
        raise DamagedError(f"{META} has changed")
    return meta


def _statistics(path: Path, meta: dict[str, Any]) -> NDArray[np.void]:
    content = (path / STATISTICS).read_bytes()
    if zlib.crc32(content) != meta["statistics"]["crc32"]:
        raise DamagedError(f"{STATISTICS} has changed")
    return parsed(lambda: np.load(BytesIO(content), allow_pickle=False))


def _check_frames(path: Path, expected: dict[str, Any], meta: dict[str, Any]) -> None:
    stat = (path / FRAMES).stat()
    if stat.st_size != expected["bytes"]:
        raise DamagedError(f"{FRAMES} has {stat.st_size} bytes, expected {expected['bytes']}")
    with (path / FRAMES).open("rb") as file:
        # Always, because NumPy's parser raises anything on a header that is none.
        crc = zlib.crc32(file.read(expected["header"]))
        if crc != expected["header_crc32"]:
            raise DamagedError(f"the header of {FRAMES} has changed")
        if stat.st_mtime_ns == expected["mtime_ns"]:
            return
        log.info("%s: copied or changed since it was last checked, checking it in full", path)
        while block := file.read(BLOCK):
            crc = zlib.crc32(block, crc)
    if crc != expected["crc32"]:
        raise DamagedError(f"{FRAMES} has changed")
    expected["mtime_ns"] = stat.st_mtime_ns
    _remember(path, meta)


def _check_sources(path: Path, meta: dict[str, Any], recordings: Sequence[Recording]) -> None:
    """Names, sizes and times are in the key; what they may hide is looked at here."""
    sources = meta["sources"]
    change = change_of(recordings)
    if sources["change"] == change:
        return
    log.info("%s: its recordings were copied or touched since, comparing their content", path)
    if content_of(recordings) != sources["content"]:
        raise DamagedError(
            "the content of its recordings has changed, though their sizes and times have not"
        )
    sources["change"] = change
    _remember(path, meta)


def _remember(path: Path, meta: dict[str, Any]) -> None:
    """Save the time of the full check; where that is not allowed, the next start checks again."""
    temporary = path / f"{META}.{os.getpid()}"
    with suppress(OSError):
        try:
            temporary.write_bytes(sealed(meta).encode())
            temporary.replace(path / META)
        finally:
            temporary.unlink(missing_ok=True)


def cache_root(data_root: Path) -> Path:
    """Find the folder for caches: TSSD_CACHE, else beside the data, else the user's cache folder.

    Nothing is made or written.

    Args:
        data_root: folder of the data sets; `.tssd-cache` in it is taken if it can be written.
    """
    if given := os.environ.get(CACHE_VARIABLE):
        return Path(os.path.expanduser(given))
    beside = data_root / ".tssd-cache"
    if _is_writable(beside if os.path.lexists(beside) else data_root):
        return beside
    base = os.environ.get("XDG_CACHE_HOME")
    user = (Path(base) if base else Path(os.path.expanduser("~")) / ".cache") / "tssd"
    log.warning(
        "%s cannot be written, so caches are kept in %s; set %s to choose another folder",
        beside,
        user,
        CACHE_VARIABLE,
    )
    return user


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
