"""What the chosen samples hold, as digests: whether they changed, and which are the same."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from tssd.data.splits import Indices
from tssd.errors import DataError

BLOCK = 1 << 20  # bytes read at once
END = 4096  # bytes of each end of a file that stand for it where reading all would take too long


def file_digest(path: Path, *, whole: bool) -> bytes:
    """Digest of a file's bytes; unless `whole`, of its size, its first and its last 4 KiB.

    Raises:
        DataError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as file:
            if whole:
                while block := file.read(BLOCK):
                    digest.update(block)
                return digest.digest()
            size = os.fstat(file.fileno()).st_size
            digest.update(f"{size}:".encode())
            digest.update(file.read(END))
            if size > END:
                file.seek(max(size - END, END))
                digest.update(file.read(END))
            return digest.digest()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): restore it, or its rights"
        ) from error


@dataclass(frozen=True)
class FileSet:
    """The files of one set, such as the training images.

    Args:
        name: What the set is called in messages.
        paths: The files.
        labels: Class of each, [M].
        digests: Of the content of each.
        kind: What one of them is called.
    """

    name: str
    paths: Sequence[Path]
    labels: Indices
    digests: Sequence[bytes]
    kind: str = "image"


def same_files(sets: Sequence[FileSet]) -> list[str]:
    """A sentence for every two sets that share files, and for every set with one in two classes."""
    return [*_in_two_classes(sets), *_in_two_sets(sets)]


def _in_two_classes(sets: Sequence[FileSet]) -> Iterator[str]:
    for files in sets:
        first: dict[bytes, int] = {}
        for n, digest in enumerate(files.digests):
            first.setdefault(digest, n)
        wrong = [
            (n, first[digest])
            for n, digest in enumerate(files.digests)
            if files.labels[n] != files.labels[first[digest]]
        ]
        if wrong:
            one, other = wrong[0]
            yield (
                f"{len(wrong)} of {len(files.paths)} {files.name} {files.kind}s are in two classes "
                f"(first: {files.paths[one]} is {files.paths[other]})"
            )


def _in_two_sets(sets: Sequence[FileSet]) -> Iterator[str]:
    for here, there in combinations(sets, 2):
        known = dict(zip(here.digests, here.paths, strict=True))
        shared = [
            (path, known[digest])
            for path, digest in zip(there.paths, there.digests, strict=True)
            if digest in known
        ]
        if shared:
            yield (
                f"{len(shared)} of {len(there.paths)} {there.name} {there.kind}s are {here.name} "
                f"{here.kind}s too (first: {shared[0][0]} is {shared[0][1]})"
            )
