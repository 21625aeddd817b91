"""What a cache is made of, and the key that changes whenever anything of it changes."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from tssd.errors import DataError, UsageError
from tssd.events.pooling import Size
from tssd.events.slicing import Slicing
from tssd.events.stream import Events

# Goes up when frames, statistics or the files of a cache are made in another way.
FORMAT = 3

Key = Mapping[str, Any]  # plain values: what JSON holds


class Recording(Protocol):
    """A source of samples, usually one file."""

    @property
    def name(self) -> str:
        """For messages and the key: the same for the same recording, wherever the data lie."""
        ...

    @property
    def stamp(self) -> tuple[int, ...]:
        """What identifies the content, such as size and modification time in nanoseconds.

        Looked up anew at each call, it lets a build notice a file that changes while it is read.
        """
        ...

    @property
    def change(self) -> tuple[int, ...]:
        """What no writing leaves as it was, though the stamp may stay; empty if the stamp tells."""
        ...

    def checksum(self) -> int:
        """Of the content, all of which is read for it."""
        ...

    @property
    def samples(self) -> int:
        """How many samples it is cut into."""
        ...

    def read(self) -> Sequence[Events]:
        """Read the samples; called from several threads at once, for different recordings."""
        ...


def cache_key(
    key: Key,
    recordings: Sequence[Recording],
    *,
    slicing: Slicing,
    slices: int,
    size: Size | None,
    bits: int,
) -> dict[str, Any]:
    """Everything that changes the content of a cache, as plain values.

    Args:
        key: what the caller knows; `key["dataset"]` is the name of the data set.
        recordings: the sources, in the order of the samples.
        slicing: how recordings are cut into timesteps.
        slices: number of timesteps.
        size: height and width of the frames; None is the sensor's.
        bits: of a count.

    Raises: UsageError: the key has no name of a data set. DataError: there is no sample.
    """
    if not isinstance(key.get("dataset"), str):
        raise UsageError(f"the key is {dict(key)}; expected the data set's name as key['dataset']")
    samples = sum(recording.samples for recording in recordings)
    if not samples:
        raise DataError(f"{key['dataset']}: {len(recordings)} recordings without any sample")
    return plain(
        {
            "format": FORMAT,
            "options": dict(key),
            "slicing": slicing.key(),
            "slices": slices,
            "size": size,
            "bits": bits,
            "samples": samples,
            "recordings": fingerprint(recordings),
        }
    )


def fingerprint(recordings: Sequence[Recording]) -> str:
    """Hash of names, stamps and numbers of samples, in order."""
    digest = hashlib.sha256()
    for recording in recordings:
        entry = [recording.name, stamp_of(recording), int(recording.samples)]
        digest.update(json.dumps(entry).encode())
    return digest.hexdigest()


def stamp_of(recording: Recording) -> list[int]:
    """Its stamp now. Raises: DataError: what it looks at is gone."""
    return _looked_up(recording, "stamp")


def change_now(recording: Recording) -> list[int]:
    """Its change now. Raises: DataError: what it looks at is gone."""
    return _looked_up(recording, "change")


def _looked_up(recording: Recording, what: Literal["stamp", "change"]) -> list[int]:
    try:
        return [int(n) for n in getattr(recording, what)]
    except OSError as error:
        raise DataError(
            f"{recording.name}: cannot be read ({error.strerror or error}): check that the file is "
            "there and may be read"
        ) from error


class Sources:
    """What a cache was made from, in two hashes that stand in it beside its key.

    `change` is cheap to compare, and also changes when a file is copied; `content` settles it. A
    file that was rewritten with the same size, and then given its old time, differs in both.
    """

    def __init__(self) -> None:
        self._change = hashlib.sha256()
        self._content = hashlib.sha256()

    def add(self, name: str, change: Sequence[int], checksum: int) -> None:
        """Take in the next recording, in the order of the samples."""
        self._change.update(json.dumps([name, *change]).encode())
        self._content.update(json.dumps([name, checksum]).encode())

    def hashes(self) -> dict[str, str]:
        """As they stand in meta.json."""
        return {"change": self._change.hexdigest(), "content": self._content.hexdigest()}


def change_of(recordings: Sequence[Recording]) -> str:
    """The first hash, of the recordings as they are now. Raises: DataError: one is gone."""
    sources = Sources()
    for recording in recordings:
        sources.add(recording.name, change_now(recording), 0)
    return sources.hashes()["change"]


def content_of(recordings: Sequence[Recording]) -> str:
    """The second hash, for which all recordings are read. Raises: DataError: one is gone."""
    sources = Sources()
    for recording in recordings:
        sources.add(recording.name, (), recording.checksum())
    return sources.hashes()["content"]


def folder_name(key: Key) -> str:
    """Name of the folder of the cache of this (complete) key: data set and hash."""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    dataset = re.sub(r"[^a-z0-9]+", "-", key["options"]["dataset"].lower()).strip("-")
    return f"{dataset or 'events'}-{digest}"


def plain(key: Key) -> dict[str, Any]:
    """As it comes back from a JSON file. Raises: TypeError: not plain values."""
    return json.loads(json.dumps(dict(key)))
