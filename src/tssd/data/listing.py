"""Which image files a folder holds: <part>/<class>/.../<file>, in an order that never changes."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tssd.data.decoding import for_each, is_readable
from tssd.data.splits import Indices
from tssd.errors import DataError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".webp", ".tif", ".tiff"})


@dataclass(frozen=True)
class Listing:
    """Image files, sorted by class and name, and the class of each, [M]."""

    paths: tuple[Path, ...]
    labels: Indices


@dataclass(frozen=True)
class FolderListing:
    """All parts of an image folder; `val` is None unless it has validation images of its own."""

    class_names: tuple[str, ...]
    train: Listing
    test: Listing
    val: Listing | None

    def fingerprint(self, folder: Path) -> str:
        """Hash the names of all files below `folder`, wherever that lies: 12 hexadecimal digits."""
        digest = hashlib.sha256()
        for part in (self.train, self.test, self.val):
            for path in () if part is None else part.paths:
                digest.update(path.relative_to(folder).as_posix().encode(errors="surrogateescape"))
                digest.update(b"\0")
        return digest.hexdigest()[:12]


def list_parts(folder: Path, *, train_is_needed: bool = True) -> FolderListing:
    """List train/ and test/, or val/ in place of test/; with both, val/ is for validation.

    Args:
        folder: The image folder.
        train_is_needed: Whether to refuse a folder without train/. Else the classes are those of
            test/ or val/, or the folder itself is the test part.

    Raises:
        DataError: A part is missing or empty, or holds a class that train/ lacks.
    """
    if not folder.is_dir():
        raise DataError(
            f"image folder {folder} does not exist: correct --data.root or --data.folder"
        )
    layout = "expected train/<class>/<image> and test/<class>/<image> (or val/ in place of test/)"
    has = {name: (folder / name).is_dir() for name in ("train", "test", "val")}
    if not (has["train"] or train_is_needed):
        return _without_train(folder, has)
    if not has["train"]:
        found = ", ".join(_subfolders(folder)[:5]) or "no folders"
        raise DataError(f"{folder} has no train/ (found {found}): {layout}")
    if not has["test"] and not has["val"]:
        raise DataError(f"{folder} has neither test/ nor val/: {layout}")
    class_names = tuple(_subfolders(folder / "train"))
    if not class_names:
        raise DataError(f"{folder / 'train'} has no class folders: {layout}")
    train = _list_part(folder / "train", class_names)
    counts = np.bincount(train.labels, minlength=len(class_names))
    if not counts.all():
        empty = folder / "train" / class_names[int(counts.argmin())]
        raise DataError(f"{empty} holds no images: add some, or delete the folder everywhere")
    test = _list_part(folder / ("test" if has["test"] else "val"), class_names)
    val = _list_part(folder / "val", class_names) if has["test"] and has["val"] else None
    return FolderListing(class_names, train=train, test=test, val=val)


def _without_train(folder: Path, has: Mapping[str, bool]) -> FolderListing:
    part = folder / "test" if has["test"] else folder / "val" if has["val"] else folder
    class_names = tuple(_subfolders(part))
    if not class_names:
        raise DataError(f"{part} has no class folders: expected {part}/<class>/<image>")
    nothing = Listing((), np.array([], dtype=np.int64))
    return FolderListing(class_names, nothing, test=_list_part(part, class_names), val=None)


def keep_readable(listing: Listing) -> tuple[Listing, int]:
    """Leave out the files that do not decode, by decoding each once; also return their number."""
    checked = for_each(is_readable, listing.paths, title="Checking images")
    good = np.flatnonzero(np.fromiter(checked, dtype=bool, count=len(listing.paths)))
    kept = Listing(tuple(listing.paths[i] for i in good.tolist()), listing.labels[good])
    return kept, len(listing.paths) - len(good)


def _list_part(part: Path, class_names: Sequence[str]) -> Listing:
    unknown = sorted(set(_subfolders(part)) - set(class_names))
    if unknown:
        raise DataError(
            f"{part} has the class {unknown[0]}, which {part.parent / 'train'} lacks: "
            "add training images of it or delete the folder"
        )
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(class_names):
        found = _images_below(part / name)
        paths += found
        labels += [label] * len(found)
    if not paths:
        kinds = " ".join(sorted(EXTENSIONS))
        raise DataError(f"{part} holds no images: expected {part}/<class>/ with files of {kinds}")
    return Listing(tuple(paths), np.array(labels, dtype=np.int64))


def _images_below(folder: Path) -> list[Path]:
    # Class folders may have subfolders: Tiny-ImageNet keeps its images in <class>/images/.
    return sorted(
        Path(parent, file)
        for parent, _, files in os.walk(folder)
        for file in files
        if os.path.splitext(file)[1].lower() in EXTENSIONS and not file.startswith(".")
    )


def _subfolders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
