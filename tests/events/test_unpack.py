"""Tar archives."""

import io
import logging
import os
import tarfile

import pytest

from data.event_folders import tar_of
from tssd.errors import DataError
from tssd.events.unpack import unpack

MEMBERS = {
    "set/a.aedat": bytes(range(256)) * 400,
    "set/a_labels.csv": b"class\n",
    "set/errata.pdf": b"pdf",
    "set/._a.aedat": b"",
}
WANTED = (".aedat", ".csv")


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_the_wanted_files_are_unpacked_once(tmp_path, caplog, mode):
    archive = tar_of(tmp_path / "set.tar.gz", MEMBERS, mode=mode)
    before = archive.read_bytes(), archive.stat().st_mtime_ns
    with caplog.at_level(logging.INFO, "tssd"):
        folder = unpack(archive, tmp_path / "deep/cache", WANTED)
        assert unpack(archive, tmp_path / "deep/cache", WANTED) == folder
    assert files(folder) == {name: MEMBERS[name] for name in ("set/a.aedat", "set/a_labels.csv")}
    assert [r.message for r in caplog.records] == [f"unpacking {archive} into {folder}"]
    assert (archive.read_bytes(), archive.stat().st_mtime_ns) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_another_archive_of_that_name_is_unpacked_anew(tmp_path):
    archive = tar_of(tmp_path / "set.tar.gz", MEMBERS)
    first = unpack(archive, tmp_path, WANTED)
    tar_of(archive, {"set/b.aedat": b"b"})
    second = unpack(archive, tmp_path, WANTED)
    assert files(second) == {"set/b.aedat": b"b"}
    assert first != second


def test_a_killed_unpacking_is_cleared_away(tmp_path):
    archive = tar_of(tmp_path / "set.tar.gz", MEMBERS)
    folder = unpack(archive, tmp_path / "cache", WANTED)
    # As a killed process leaves it: part of the files under the temporary name.
    folder.rename(folder.with_name(f".{folder.name}.tssd-partial"))
    (folder.with_name(f".{folder.name}.tssd-partial") / "set/a_labels.csv").unlink()
    assert sorted(files(unpack(archive, tmp_path / "cache", WANTED))) == [
        "set/a.aedat",
        "set/a_labels.csv",
    ]
    assert list((tmp_path / "cache").iterdir()) == [folder]


def test_an_archive_that_is_cut_off_anywhere_leaves_nothing(tmp_path):
    whole = tar_of(tmp_path / "set.tar.gz", MEMBERS).read_bytes()
    cut = tmp_path / "cut.tar.gz"
    for size in range(2, len(whole), 37):
        cut.write_bytes(whole[:size])
        with pytest.raises(
            DataError, match=r"cut\.tar\.gz is cut off or damaged, expected a whole"
        ):
            unpack(cut, tmp_path / "cache", WANTED)
    assert not any((tmp_path / "cache").iterdir())


def test_a_changed_byte_in_the_content_is_noticed(tmp_path):
    archive = tar_of(tmp_path / "set.tar.gz", {"set/a.aedat": os.urandom(5000)})
    content = bytearray(archive.read_bytes())
    content[3000] ^= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match="is cut off or damaged"):
        unpack(archive, tmp_path, WANTED)


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (b"<html>log in</html>", r"an HTML page \(an error or login page of the server\)"),
        (b"", "empty"),
        (b"\x1f\x8bno gzip" * 9, "cut off or damaged"),
        (b"Rar!" * 999, "something else"),
    ],
)
def test_what_is_no_tar_is_said_with_advice(tmp_path, content, looks_like):
    (tmp_path / "set.tar.gz").write_bytes(content)
    expected = rf"set\.tar\.gz is {looks_like}, expected a whole \.tar\.gz.*; get it at home$"
    with pytest.raises(DataError, match=expected) as raised:
        unpack(tmp_path / "set.tar.gz", tmp_path / "cache", WANTED, advice="; get it at home")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["../a.aedat", "set/../../a.aedat", "/a.aedat", "C:/a.aedat"])
def test_a_member_that_leaves_the_folder_is_refused(tmp_path, name):
    archive = tar_of(tmp_path / "set.tar.gz", {"set/b.aedat": b"b", name: b"a"})
    with pytest.raises(DataError, match="leaves the folder; this is no archive of recordings"):
        unpack(archive, tmp_path / "cache", WANTED)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["cache", "set.tar.gz"]


def test_a_link_in_place_of_a_file_is_refused(tmp_path):
    archive = tar_of(tmp_path / "set.tar.gz", {}, links=[("set/a.aedat", "../../secret")])
    with pytest.raises(DataError, match=r"member 'set/a\.aedat' is a link, expected a file"):
        unpack(archive, tmp_path / "cache", WANTED)
    assert not any((tmp_path / "cache").iterdir())


def test_a_member_of_absurd_size_is_refused(tmp_path):
    archive = tar_of(tmp_path / "set.tar.gz", MEMBERS, mode="w")
    content = bytearray(archive.read_bytes())
    content[124:136] = b"77777777777\0"  # 8 GiB
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.aedat would unpack to 8589934591 bytes, which no"):
        unpack(archive, tmp_path / "cache", WANTED)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    archive = tar_of(tmp_path / "set.tar.gz", MEMBERS)
    (tmp_path / "cache").write_text("a file where the folder of caches should be")
    with pytest.raises(DataError, match="unpacking into .*cache failed .*set TSSD_CACHE"):
        unpack(archive, tmp_path / "cache", WANTED)


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_an_archive_of_the_same_size_and_time_is_unpacked_anew(tmp_path, mode):
    archive, folders = tmp_path / "a.tar", []
    for content in (b"\x01\x02\x03", b"\x03\x01\x02"):
        with tarfile.open(archive, mode) as tar:
            member = tarfile.TarInfo("a.bin")
            member.size = 3
            tar.addfile(member, io.BytesIO(content))
        if mode == "w:gz":  # its header holds the time
            data = bytearray(archive.read_bytes())
            data[4:8] = bytes(4)
            archive.write_bytes(data)
        os.utime(archive, ns=(10**18, 10**18))
        folders.append(unpack(archive, tmp_path / "root", (".bin",)))
        assert (folders[-1] / "a.bin").read_bytes() == content
        assert unpack(archive, tmp_path / "root", (".bin",)) == folders[-1]
    assert folders[0] != folders[1]
