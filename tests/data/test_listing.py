import numpy as np
import pytest
from PIL import Image

from tssd.data.listing import FileKind, keep_readable, list_parts
from tssd.data.picture import NO_PICTURE
from tssd.errors import DataError


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


TWO = ["train/a/1.png", "train/b/1.png"]


def names(listing, folder):
    return [path.relative_to(folder).as_posix() for path in listing.paths]


def test_list_parts_sorts_classes_and_files_and_ignores_the_rest(tmp_path):
    touch(
        tmp_path,
        "train/b/2.PNG", "train/b/10.jpg", "train/b/notes.txt", "train/b/.hidden.png",
        "train/a/images/1.jpeg", "train/.cache/1.png", "train/read.me", "test/b/1.bmp",
    )  # fmt: skip
    listing = list_parts(tmp_path)
    assert listing.class_names == ("a", "b")
    assert names(listing.train, tmp_path) == [
        "train/a/images/1.jpeg",
        "train/b/10.jpg",
        "train/b/2.PNG",
    ]
    assert listing.train.labels.tolist() == [0, 1, 1]
    assert names(listing.test, tmp_path) == ["test/b/1.bmp"]
    assert listing.test.labels.tolist() == [1]
    assert listing.val is None


def test_list_parts_takes_val_for_testing_only_when_there_is_no_test(tmp_path):
    touch(tmp_path, "train/a/1.png", "train/b/1.png", "val/a/1.png")
    assert names(list_parts(tmp_path).test, tmp_path) == ["val/a/1.png"]
    touch(tmp_path, "test/a/1.png")
    listing = list_parts(tmp_path)
    assert names(listing.test, tmp_path) == ["test/a/1.png"]
    assert names(listing.val, tmp_path) == ["val/a/1.png"]


def test_fingerprint_depends_on_names_below_the_folder(tmp_path):
    for copy in ("one", "two", "three"):
        touch(tmp_path / copy, "train/a/1.png", "train/b/1.png", "test/a/1.png")
    touch(tmp_path / "three", "test/a/2.png")
    one, two, three = (
        list_parts(tmp_path / copy).fingerprint(tmp_path / copy) for copy in ("one", "two", "three")
    )
    assert one == two != three


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], r"has no train/ \(found no folders\): expected train/<class>"),
        (["Train/a/1.png"], r"has no train/ \(found Train\)"),
        (["train/a/1.png"], "neither test/ nor val/"),
        (["train/1.png", "test/a/1.png"], "train has no class folders"),
        (
            ["train/a/1.txt", "train/b/.1.png", "test/a/1.png"],
            r"train holds no images: expected .*\.jfif.*; left out: 1 files with the suffix \.txt",
        ),
        (["train/a/1.png", "train/b/1.txt", "test/a/1.png"], "train/b holds no images"),
        ([*TWO, "test/a/1.txt"], "test holds no images"),
        ([*TWO, "test/a/1.png", "test/z/1.png"], "test has the class z, which .*train"),
        ([*TWO, "test/a/1.png", "val/y/1.png"], "val has the class y, which .*train"),
        (["set/train/a/1.png"], r"has no train/ \(found set\): .*; give .*/set, which has one"),
        (["train/a/1.png", "test/a/1.png"], "train has one class, a, expected two or more: add"),
        (["train/a/1.png", "train/.b/1.png", "test/a/1.png"], "train has one class, a, expected"),
        (
            ["train/all/b/1.png", "train/all/c/1.png", "test/all/b/1.png"],
            "one class, all, expected two .*: if the classes are b, c in it, move these up into",
        ),
    ],
)
def test_list_parts_refuses(tmp_path, files, message):
    touch(tmp_path, *files)
    with pytest.raises(DataError, match=message) as caught:
        list_parts(tmp_path)
    assert "\n" not in str(caught.value)


def test_list_parts_when_the_folder_is_missing(tmp_path):
    with pytest.raises(DataError, match=r"gone does not exist: .*--data\.folder"):
        list_parts(tmp_path / "gone")


def test_keep_readable_counts_what_it_leaves_out(tmp_path):
    touch(tmp_path, "train/a/1.png", "train/b/2.png", "test/a/1.png")
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "train/b/2.png")
    kept, lost = keep_readable(list_parts(tmp_path).train)
    assert lost == {f"unreadable ({NO_PICTURE})": 1}
    assert names(kept, tmp_path) == ["train/b/2.png"]
    assert kept.labels.tolist() == [1]


def test_list_parts_counts_what_it_leaves_out(tmp_path, caplog):
    touch(
        tmp_path, *TWO, "test/a/1.JFIF", "train/a/.ipynb_checkpoints/1-checkpoint.png",
        "train/a/notes.txt", "train/stray.png", "train/.Trash/1.png", "test/__MACOSX/a/1.png",
    )  # fmt: skip
    with caplog.at_level("INFO", logger="tssd"):
        listing = list_parts(tmp_path)
    assert names(listing.test, tmp_path) == ["test/a/1.JFIF"]
    assert listing.skipped == {
        "hidden folders": 2,
        "files with the suffix .txt": 1,
        "files outside of class folders": 1,
        "folders of the system's": 1,
    }
    assert caplog.messages == [f"{tmp_path}: left out: {listing.skipped}"]


def test_folders_in_every_class_are_told_of_unless_each_has_only_one(tmp_path, caplog):
    for day in ("mon", "tue"):
        touch(tmp_path, *(f"train/{day}/{name}/1.png" for name in "cd"), f"test/{day}/c/1.png")
    list_parts(tmp_path)
    (told,) = caplog.messages
    assert "the folders mon, tue are taken as the classes" in told
    assert "(mon: c, d): if those are the classes, they must lie right in" in told
    caplog.clear()
    touch(tmp_path, "train/mon/0.png")
    list_parts(tmp_path)
    assert not caplog.messages


def test_folders_beside_the_parts_are_counted_and_validation_is_told_of(tmp_path, caplog):
    touch(tmp_path, *TWO, "test/a/1.png", "Validation/a/1.png", "masks/a/1.png", ".cache/1.png")
    listing = list_parts(tmp_path)
    assert listing.skipped == {"folders beside train/, test/ and val/": 2}
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warned == [f"{tmp_path}: Validation/ is not used: call it val/"]


def test_classes_that_look_alike_are_told_of(tmp_path, caplog):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    touch(tmp_path, *(f"train/{name}/1.png" for name in (composed, decomposed, "b")))
    touch(tmp_path, "test/b/1.png")
    list_parts(tmp_path)
    assert caplog.messages == [
        f"{tmp_path}/train: the classes 'cafe\\u0301' and 'caf\\xe9' differ in case or Unicode "
        "form alone; if they are one, merge them"
    ]
    touch(tmp_path, "test/B/1.png")
    with pytest.raises(DataError, match="has the class B, which .* lacks: rename it to 'b', which"):
        list_parts(tmp_path)


RECORDINGS = FileKind("recording", frozenset({".raw"}))


def test_classes_may_lie_right_in_a_folder_where_that_is_allowed(tmp_path):
    touch(tmp_path, "b/1.raw", "a/1.raw", "a/2.raw", "a/notes.txt", ".tssd-cache/1.raw", "read.me")
    listing = list_parts(tmp_path, kind=RECORDINGS, may_be_whole=True)
    assert names(listing.train, tmp_path) == ["a/1.raw", "a/2.raw", "b/1.raw"]
    assert (listing.has_parts, listing.test.paths, listing.val) == (False, (), None)
    assert listing.skipped["files with the suffix .txt"] == 1
    assert "hidden folders" not in listing.skipped  # our own cache
    with pytest.raises(DataError, match=r"has no train/ \(found a, b\)"):
        list_parts(tmp_path, kind=RECORDINGS)


@pytest.mark.parametrize("part", ["train", "test", "val"])
def test_a_class_that_is_named_as_a_part_is_said(tmp_path, part):
    touch(tmp_path, "bus/1.raw", "car/1.raw", f"{part}/1.raw", ".cache/1.raw")
    for train_is_needed in (True, False):
        with pytest.raises(
            DataError,
            match=rf"/{part} holds recordings, not class folders: if it is "
            "a class beside bus, car, give it a name .*; else expected train/<class>",
        ):
            list_parts(
                tmp_path, train_is_needed=train_is_needed, kind=RECORDINGS, may_be_whole=True
            )
    with pytest.raises(DataError, match=r"has no train/|neither test/ nor val/"):
        list_parts(tmp_path, kind=RECORDINGS)


def test_parts_with_folders_beside_are_parts(tmp_path):
    touch(tmp_path, "train/a/1.raw", "train/b/1.raw", "test/a/1.raw", "val/notes.txt", "old/1.raw")
    (tmp_path / "val/a").mkdir()
    touch(tmp_path, "val/a/1.raw", "train/0.raw")
    listing = list_parts(tmp_path, kind=RECORDINGS, may_be_whole=True)
    assert listing.has_parts and names(listing.val, tmp_path) == ["val/a/1.raw"]


def test_messages_name_what_is_looked_for(tmp_path):
    touch(tmp_path, "train/a/1.raw", "train/b/1.png", "test/a/1.raw")
    with pytest.raises(DataError, match="train/b holds no recordings: add some"):
        list_parts(tmp_path, kind=RECORDINGS)
    with pytest.raises(DataError, match="recording folder .*gone does not exist"):
        list_parts(tmp_path / "gone", kind=RECORDINGS)
