"""Files in folders and zip archives."""

import os
import zipfile

import pytest

from data.event_folders import zip_of
from tssd.errors import DataError
from tssd.events.files import LARGEST, PlainFile, list_folder, list_zip


@pytest.fixture
def folder(tmp_path):
    """Two recordings, among what else lies in folders."""
    for name in (
        "b/2.bin",
        "a/1.BIN",
        "a/README.md",
        "__MACOSX/a/1.bin",
        ".git/3.bin",
        "a/._1.bin",
    ):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(name.encode())
    return tmp_path / "set"


def test_a_folder_lists_its_recordings_by_name_and_nothing_else(folder):
    files = list_folder(folder, (".bin",))
    assert [file.name for file in files] == ["a/1.BIN", "b/2.bin"]
    assert files[1].content() == folder / "b/2.bin"
    assert files[1].place == str(folder / "b/2.bin")
    assert list_folder(folder, (".npz",)) == []


def test_the_stamp_of_a_file_is_its_size_and_time_now(folder):
    file = list_folder(folder, (".bin",))[1]
    os.utime(folder / "b/2.bin", ns=(5, 7))
    assert file.stamp == (7, 7)
    (folder / "b/2.bin").unlink()
    with pytest.raises(DataError, match=r"b/2\.bin cannot be read \(No such file.*restore it"):
        _ = file.stamp


def test_linked_folders_are_followed_and_circles_end(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/4.bin").touch()
    (folder / "c").symlink_to(tmp_path / "elsewhere")
    (folder / "b/circle").symlink_to(folder)
    assert [f.name for f in list_folder(folder, (".bin",))] == ["a/1.BIN", "b/2.bin", "c/4.bin"]


def test_a_zip_lists_and_unpacks_its_recordings(tmp_path):
    members = {"b/2.bin": b"two", "a/1.bin": b"one", "__MACOSX/a/._1.bin": b"", "a/x.txt": b""}
    archive = zip_of(tmp_path / "set.zip", members)
    files = list_zip(archive, (".bin",))
    assert [file.name for file in files] == ["a/1.bin", "b/2.bin"]
    assert [file.content() for file in files] == [b"one", b"two"]
    assert files[0].stamp == (3, 0x7A6C86F1)  # CRC-32 of "one"
    assert files[0].place == f"{archive}: a/1.bin"


def test_a_zip_that_is_replaced_is_read_anew(tmp_path):
    archive = zip_of(tmp_path / "set.zip", {"1.bin": b"old"})
    assert list_zip(archive, (".bin",))[0].content() == b"old"
    zip_of(archive, {"1.bin": b"new", "2.bin": b""})
    os.utime(archive, ns=(1, 1))
    assert [file.content() for file in list_zip(archive, (".bin",))] == [b"new", b""]


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (b"\n<!DOCTYPE html><html>Sign in</html>", r"an HTML page \(an error or login page"),
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(50), "cut off or damaged"),
        (b"Rar!" + bytes(50), "something else"),
    ],
)
def test_what_is_no_zip_is_said_with_advice(tmp_path, content, looks_like):
    (tmp_path / "set.zip").write_bytes(content)
    with pytest.raises(DataError, match=rf"set\.zip is {looks_like}.*expected a zip.*; get it at"):
        list_zip(tmp_path / "set.zip", (".bin",), advice="; get it at home")


def test_a_zip_that_is_cut_off_anywhere_is_refused(tmp_path):
    whole = zip_of(tmp_path / "set.zip", {"1.bin": bytes(range(50))}).read_bytes()
    for size in range(len(whole)):
        (tmp_path / "cut.zip").write_bytes(whole[:size])
        os.utime(tmp_path / "cut.zip", ns=(size, size))
        with pytest.raises(DataError, match=r"cut\.zip is (cut off|empty|something)"):
            list_zip(tmp_path / "cut.zip", (".bin",))


def test_a_zip_with_any_byte_changed_gives_the_content_or_an_error(tmp_path):
    archive = zip_of(tmp_path / "set.zip", {"1.bin": b"content" * 9}, compress=zipfile.ZIP_DEFLATED)
    whole = archive.read_bytes()
    refused = 0
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        archive.write_bytes(changed)
        os.utime(archive, ns=(position, position))
        try:
            assert all(f.content() == b"content" * 9 for f in list_zip(archive, (".bin",)))
        except DataError as error:
            assert str(archive) in str(error) and "\n" not in str(error)
            refused += 1
    assert refused > 40  # others are dates, attributes and the like


@pytest.mark.parametrize("name", ["../1.bin", "a/../../1.bin", "/1.bin", "C:/1.bin", "..\\1.bin"])
def test_a_member_that_leaves_the_folder_is_refused(tmp_path, name):
    archive = zip_of(tmp_path / "set.zip", {"0.bin": b"", name: b""})
    with pytest.raises(DataError, match=r"set\.zip: member '.*1\.bin' leaves the folder.*delete"):
        list_zip(archive, (".bin",))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    members = {"1.bin": bytes(17 << 20)}
    archive = zip_of(tmp_path / "set.zip", members, compress=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match=r"1\.bin would unpack from \d{5} to 17825792 bytes"):
        list_zip(archive, (".bin",))
    # Small members of zeros are fine.
    zip_of(archive, {"1.bin": bytes(1 << 20)}, compress=zipfile.ZIP_DEFLATED)
    os.utime(archive, ns=(1, 1))
    assert len(list_zip(archive, (".bin",))[0].content()) == 1 << 20


def test_a_member_that_claims_an_absurd_size_is_refused(tmp_path):
    archive = zip_of(tmp_path / "set.zip", {"1.bin": b"abc"})
    content = archive.read_bytes()
    entry = content.index(b"PK\x01\x02")  # packed size at 20, unpacked at 24
    claimed = (LARGEST + 1).to_bytes(4, "little")
    archive.write_bytes(content[: entry + 20] + 2 * claimed + content[entry + 28 :])
    with pytest.raises(DataError, match="to 2147483649 bytes, which no recording does"):
        list_zip(archive, (".bin",))


def test_an_encrypted_zip_is_refused(tmp_path):
    archive = zip_of(tmp_path / "set.zip", {"1.bin": b"abc"})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"set\.zip: 1\.bin is encrypted; expected an open archive"):
        list_zip(archive, (".bin",))


def test_a_missing_zip_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"gone\.zip is not readable \(No such file"):
        list_zip(tmp_path / "gone.zip", (".bin",))


def test_a_folder_without_rights_is_named(folder, monkeypatch):
    real = os.scandir

    def refuse(place):
        if str(place) != str(folder):
            raise PermissionError(13, "Permission denied", place)
        return real(place)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"set/a cannot be listed \(Permission denied\): chec"):
        list_folder(folder, (".bin",))


def test_the_checksum_is_that_of_the_bytes_and_the_change_moves_with_every_writing(folder):
    path = folder / "x.bin"
    path.write_bytes(b"one")
    os.utime(path, ns=(5, 5))
    file = PlainFile(folder, "x.bin")
    before = file.stamp, file.change
    assert file.checksum() == 0x7A6C86F1
    path.write_bytes(b"two")
    os.utime(path, ns=(5, 5))
    assert file.stamp == before[0]
    assert file.change != before[1]
    assert file.checksum() != 0x7A6C86F1
    path.unlink()
    with pytest.raises(DataError, match="x.bin cannot be read"):
        file.checksum()
