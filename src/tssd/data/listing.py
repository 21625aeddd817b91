"""Which files a folder holds: <part>/<class>/.../<file>, in an order that never changes."""

import hashlib
import logging
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tssd.data.decoding import for_each, why_unreadable
from tssd.data.folder_walk import Skipped, files_below, subfolders
from tssd.data.missing_classes import missing_classes
from tssd.data.picture import EXTENSIONS
from tssd.data.splits import Indices
from tssd.errors import DataError
from tssd.listed import and_more

log = logging.getLogger("tssd")

# What others call val/, in lower case.
VALIDATION = frozenset({"valid", "validation", "dev"})

# Names of folders or classes that a message lists.
SHOWN = 5


@dataclass(frozen=True)
class FileKind:
    """What files are counted.

    Args:
        name: What one of them is called in messages.
        suffixes: Of their names, in lower case.
    """

    name: str
    suffixes: frozenset[str]


IMAGES = FileKind("image", EXTENSIONS)


@dataclass(frozen=True)
class Listing:
    """Files, sorted by class and name, and the class of each, [M]."""

    paths: tuple[Path, ...]
    labels: Indices


@dataclass(frozen=True)
class FolderListing:
    """All parts of a folder; `val` is None unless it has validation samples of its own.

    `skipped` counts what lies in the folder and belongs to no part, by reason.
    Without `has_parts` all files are in `train`, and nothing says which are for testing.
    """

    class_names: tuple[str, ...]
    train: Listing
    test: Listing
    val: Listing | None
    skipped: Skipped = field(default_factory=Skipped)
    has_parts: bool = True

    def fingerprint(self, folder: Path) -> str:
        """Hash the names of all files below `folder`, wherever that lies: 12 hexadecimal digits."""
        digest = hashlib.sha256()
        start = folder.as_posix().rstrip("/") + "/"
        for part in (self.train, self.test, self.val):
            for path in () if part is None else part.paths:
                # What `relative_to` finds, in two fifths of its time: 3 s of ImageNet's names.
                below = path.as_posix()
                if not below.startswith(start):
                    below = path.relative_to(folder).as_posix()
                digest.update(below.removeprefix(start).encode(errors="surrogateescape"))
                digest.update(b"\0")
        return digest.hexdigest()[:12]


def list_parts(
    folder: Path,
    *,
    train_is_needed: bool = True,
    kind: FileKind = IMAGES,
    may_be_whole: bool = False,
) -> FolderListing:
    """List train/ and test/, or val/ in place of test/; with both, val/ is for validation.

    What is left out, and why, is logged.

    Args:
        folder: The folder.
        train_is_needed: Whether to refuse a folder without train/. Else the classes are those of
            test/ or val/, or the folder itself is the test part.
        kind: What files count.
        may_be_whole: Whether the classes may lie right in the folder, without any parts.

    Raises:
        DataError: A part is missing or empty, holds a class that train/ lacks, or there are fewer
            than two classes.
    """
    if not os.path.isdir(folder):
        raise DataError(
            f"{kind.name} folder {folder} does not exist: correct --data.root or --data.folder"
        )
    one = f"<class>/<{kind.name}>"
    layout = f"expected train/{one} and test/{one} (or val/ in place of test/)"
    layout += f", or {one} right in it" if may_be_whole else ""
    has = {name: os.path.isdir(folder / name) for name in ("train", "test", "val")}
    if may_be_whole:
        _refuse_class_named_as_part(folder, [name for name in has if has[name]], layout, kind)
    if may_be_whole and not any(has.values()):
        found = subfolders(folder, Skipped())
        if found and not any(os.path.isdir(folder / name / "train") for name in found):
            return _whole(folder, tuple(found), kind)
    if not (has["train"] or train_is_needed):
        return _without_train(folder, has, kind)
    if not has["train"]:
        found = subfolders(folder, Skipped())
        inside = [name for name in found if os.path.isdir(folder / name / "train")]
        advice = f"; give {folder / inside[0]}, which has one" if inside else ""
        shown = and_more(found, SHOWN) or "no folders"
        raise DataError(f"{folder} has no train/ (found {shown}): {layout}{advice}")
    if not has["test"] and not has["val"]:
        raise DataError(f"{folder} has neither test/ nor val/: {layout}")
    skipped = Skipped()
    class_names = tuple(subfolders(folder / "train", Skipped()))
    if not class_names:
        raise DataError(f"{folder / 'train'} has no class folders: {layout}")
    _tell_of_look_alikes(folder / "train", class_names)
    if len(class_names) == 1:
        _refuse_one_class(folder / "train", class_names[0])
    train = _list_part(folder / "train", class_names, skipped, kind)
    require_every_class(folder / "train", class_names, train, kind)
    _tell_of_folders_in_classes(folder / "train", class_names, train, kind)
    test = _list_part(folder / ("test" if has["test"] else "val"), class_names, skipped, kind)
    val = None
    if has["test"] and has["val"]:
        val = _list_part(folder / "val", class_names, skipped, kind)
    if beside := set(subfolders(folder, Skipped())) - set(has):
        skipped["folders beside train/, test/ and val/"] = len(beside)
    if not has["val"] and (ignored := sorted(n for n in beside if n.lower() in VALIDATION)):
        log.warning("%s: %s/ is not used: call it val/", folder, ignored[0])
    if skipped:
        log.info("%s: left out: %s", folder, skipped)
    return FolderListing(class_names, train=train, test=test, val=val, skipped=skipped)


def _whole(folder: Path, class_names: tuple[str, ...], kind: FileKind) -> FolderListing:
    skipped = Skipped()
    _tell_of_look_alikes(folder, class_names)
    if len(class_names) == 1:
        _refuse_one_class(folder, class_names[0])
    files = _list_part(folder, class_names, skipped, kind)
    require_every_class(folder, class_names, files, kind)
    _tell_of_folders_in_classes(folder, class_names, files, kind)
    if skipped:
        log.info("%s: left out: %s", folder, skipped)
    return FolderListing(class_names, files, _nothing(), None, skipped, has_parts=False)


def _nothing() -> Listing:
    return Listing((), np.array([], dtype=np.int64))


def _without_train(folder: Path, has: Mapping[str, bool], kind: FileKind) -> FolderListing:
    part = folder / "test" if has["test"] else folder / "val" if has["val"] else folder
    skipped = Skipped()
    class_names = tuple(subfolders(part, Skipped()))
    if not class_names:
        raise DataError(f"{part} has no class folders: expected {part}/<class>/<{kind.name}>")
    test = _list_part(part, class_names, skipped, kind)
    if skipped:
        log.info("%s: left out: %s", folder, skipped)
    return FolderListing(class_names, _nothing(), test=test, val=None, skipped=skipped)


def keep_readable(listing: Listing) -> tuple[Listing, Skipped]:
    """Leave out the files that do not decode, by decoding each once; also count the reasons."""
    reasons = list(for_each(why_unreadable, listing.paths, title="Checking images"))
    good = np.flatnonzero([not reason for reason in reasons])
    kept = Listing(tuple(listing.paths[i] for i in good.tolist()), listing.labels[good])
    return kept, Skipped(f"unreadable ({reason})" for reason in reasons if reason)


def require_every_class(
    train: Path, class_names: Sequence[str], listing: Listing, kind: FileKind = IMAGES
) -> None:
    """Refuse a training part that lacks files of a class. Raises: DataError: it does."""
    if missing := missing_classes(listing.labels, class_names):
        empty = train / missing[0]
        raise DataError(f"{empty} holds no {kind.name}s: add some, or delete the folder everywhere")


def _refuse_class_named_as_part(
    folder: Path, parts: Sequence[str], layout: str, kind: FileKind
) -> None:
    """Refuse a part without class folders beside other folders: it may be one of the classes."""
    beside = sorted(set(subfolders(folder, Skipped())) - set(parts))
    for part in [folder / name for name in parts if beside]:
        # Not taken as a class: it may as well be a part whose recordings are not sorted yet.
        if not subfolders(part, Skipped()) and files_below(part, kind.suffixes, Skipped()):
            raise DataError(
                f"{part} holds {kind.name}s, not class folders: if it is a class beside "
                f"{and_more(beside, SHOWN)}, give it a name that is no part's; else {layout}"
            )


def _refuse_one_class(train: Path, name: str) -> None:
    inside = subfolders(train / name, Skipped())
    advice = "add another one"
    if len(inside) > 1:
        advice = f"if the classes are {and_more(inside, SHOWN)} in it, move these up into {train}"
    raise DataError(f"{train} has one class, {name}, expected two or more: {advice}")


def _tell_of_look_alikes(train: Path, class_names: Sequence[str]) -> None:
    """Warn of classes that people take for one, as copies between systems make them."""
    alike: dict[str, list[str]] = {}
    for name in class_names:
        alike.setdefault(_seen(name), []).append(name)
    if pairs := [names for names in alike.values() if len(names) > 1]:
        log.warning(
            "%s: the classes %s differ in case or Unicode form alone; if they are one, merge them",
            train, " and ".join(map(ascii, pairs[0])),
        )  # fmt: skip


def _seen(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _tell_of_folders_in_classes(
    train: Path, class_names: Sequence[str], listing: Listing, kind: FileKind
) -> None:
    """Warn where all files lie in several folders a class: those may be the classes."""
    inside: list[set[str]] = [set() for _ in class_names]
    for path, label in zip(listing.paths, listing.labels.tolist(), strict=True):
        below = path.relative_to(train / class_names[int(label)]).parts[:-1]
        if not below:  # mostly the first file of all
            return
        inside[label].add(below[0])
    if all(len(names) > 1 for names in inside):
        log.warning(
            "%s: the folders %s are taken as the classes; none holds %ss but in folders of its "
            "own (%s: %s): if those are the classes, they must lie right in %s",
            train, and_more(class_names, SHOWN), kind.name,
            class_names[0], and_more(sorted(inside[0]), SHOWN), train,
        )  # fmt: skip


def _list_part(part: Path, class_names: Sequence[str], skipped: Skipped, kind: FileKind) -> Listing:
    own = Skipped()
    unknown = sorted(set(subfolders(part, own)) - set(class_names))
    if unknown:
        alike = [name for name in class_names if _seen(name) == _seen(unknown[0])]
        advice = f"add training {kind.name}s of it or delete the folder"
        if alike:
            advice = f"rename it to {alike[0]!a}, which differs in case or Unicode form alone"
        raise DataError(
            f"{part} has the class {unknown[0]}, which {part.parent / 'train'} lacks: {advice}"
        )
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(class_names):
        # Class folders may have subfolders: Tiny-ImageNet keeps its images in <class>/images/.
        found = files_below(part / name, kind.suffixes, own) if os.path.isdir(part / name) else []
        paths += found
        labels += [label] * len(found)
    if not paths:
        kinds = " ".join(sorted(kind.suffixes))
        raise DataError(
            f"{part} holds no {kind.name}s: expected {part}/<class>/ with files of {kinds}; "
            f"left out: {own}"
        )
    skipped.update(own)
    return Listing(tuple(paths), np.array(labels, dtype=np.int64))
