"""Small event data sets on disk, in every layout that is read, made by the library's writers."""

import hashlib
import io
import tarfile
import zipfile

import numpy as np

from events.recordings import random_events
from tssd.events.formats.five_byte import write_five_byte
from tssd.events.formats.npz import write_npz

DIGITS = range(10)


def nmnist(folder, *, train=2, test=1, npz=False):
    """Train/<digit>/<number>.bin and Test/..., as the original; or SpikingJelly's events_np."""
    for part, count in (("Train", train), ("Test", test)):
        for digit in DIGITS:
            place = folder / "events_np" / part.lower() if npz else folder / part
            (place / str(digit)).mkdir(parents=True)
            for n in range(count):
                events = digit_events(part, digit, n)
                if npz:
                    write_npz(place / str(digit) / f"{n + 1:05}.npz", events)
                else:
                    write_five_byte(place / str(digit) / f"{n + 1:05}.bin", events)
    return folder


def digit_events(part, digit, n):
    """What is in a recording of `nmnist`: 150 events in 100 ms."""
    seed = 100 * digit + 10 * n + (part == "Test")
    return random_events(150, seed=seed, height=34, width=34)


def zipped(archive, folder, *names):
    """Zip these files or folders below a folder, as a download would be."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as made:
        for name in names:
            place = folder / name
            for file in [place] if place.is_file() else sorted(place.rglob("*.*")):
                made.write(file, file.relative_to(folder))
    return archive


def zip_of(archive, members, *, compress=zipfile.ZIP_STORED, comment=""):
    """A zip of these contents by name."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", compress) as made:
        made.comment = comment.encode()
        for name, content in members.items():
            made.writestr(name, content)
    return archive


def tar_of(archive, members, *, mode="w:gz", links=()):
    """A tar of these contents by name, and of links by name."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, mode) as made:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
        for name, target in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            made.addfile(entry)
    return archive


def state(folder):
    """Size, time of modification and content of all files but those of the cache."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_size,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".tssd-cache" not in path.parts
    }


def connected(kind, root, *, student=1, teacher=2, longest=4, **options):
    """A data module of a part of a data set, ready for frames."""
    data = kind(str(root), **{"allow_incomplete": True, **options})
    data.connect(student=student, teacher=teacher, longest=longest)
    return data


def frames_of(data, name):
    """All frames of a set, uint8 [M, T, 2, H, W], and their labels."""
    frames = data.samples(name)
    part, index = data.part(name)
    return frames.cache.frames[frames.index], part.labels[index]


def assert_same_frames(one, other):
    """Two data modules with the same samples in the same order."""
    for name in ("train", "val", "test"):
        for found, expected in zip(frames_of(one, name), frames_of(other, name), strict=True):
            np.testing.assert_array_equal(found, expected)
