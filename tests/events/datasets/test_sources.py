import pytest

from data.event_folders import zip_of
from tssd.errors import DataError
from tssd.events.datasets.simulated import NOTE, SAYS
from tssd.events.datasets.sources import Download, find_converted, find_recordings

DOWNLOADS = (
    Download("A.zip", "https://a.example", "1 GB", "aa"),
    Download("B.zip", "https://b.example", "2 GB", "bb"),
)


def find(folder):
    return find_recordings(
        folder,
        "Set",
        suffix=".bin",
        pattern=r"(?P<label>[ab])/(?P<id>[0-9]+)\.bin$",
        converted=r"(?P<label>[ab])/(?P<id>[0-9]+)\.npz$",
        downloads=DOWNLOADS,
        archives=("a.zip",),
    )


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def contents(found):
    return [
        file.content() if isinstance(file.content(), bytes) else file.content().read_bytes()
        for file in found.files
    ]


def test_extracted_recordings_come_first_wherever_they_lie(tmp_path):
    put(tmp_path, "deep/B/2.bin", "deep/a/10.bin", "a/9.bin", "c/1.bin", "events_np/a/1.bin")
    zip_of(tmp_path / "A.zip", {"a/1.bin": b""})
    found = find(tmp_path)
    # By label and number as text, whatever the folders above.
    assert found.names == ["a/10", "a/9", "b/2"]
    assert contents(found) == [b"deep/a/10.bin", b"a/9.bin", b"deep/B/2.bin"]
    assert found.fields[2] == {"label": "B", "id": "2"}
    assert (found.converted, found.simulated) == (False, False)


def test_a_recording_that_lies_there_twice_counts_once(tmp_path, caplog):
    put(tmp_path, "b/1.bin", "Backup/b/1.bin", "Backup/B/1.BIN", "b/1 (2).bin")
    with caplog.at_level("INFO", logger="tssd"):
        found = find(tmp_path)
    assert found.names == ["b/1"]
    assert contents(found) == [b"b/1.bin"]
    assert caplog.messages == [
        f"{tmp_path}/: 3 of 4 recordings are left out (1 of other names, 2 second copies)"
    ]


@pytest.mark.parametrize("names", [("A.zip", "B.zip"), ("a.zip", "download/B.zip")])
def test_archives_come_next_under_all_their_names(tmp_path, names):
    zip_of(tmp_path / names[0], {"a/2.bin": b"a2", "a/1.bin": b"a1"})
    zip_of(tmp_path / names[1], {"top/b/1.bin": b"b1"})
    put(tmp_path, "events_np/a/1.npz")
    found = find(tmp_path)
    assert (found.names, contents(found)) == (["a/1", "a/2", "b/1"], [b"a1", b"a2", b"b1"])


def test_converted_recordings_come_last(tmp_path):
    put(tmp_path, "events_np/b/1.npz", "events_np/a/7.npz", "a/1.npz")
    found = find(tmp_path)
    assert (found.names, found.converted) == (["a/7", "b/1"], True)
    assert find_converted(tmp_path / "a", r"(?P<id>[0-9]+)\.npz$") is None


def test_a_note_in_the_folder_says_that_all_is_simulated(tmp_path):
    put(tmp_path, "a/1.bin", NOTE)
    assert find(tmp_path).simulated
    (tmp_path / "a/1.bin").rename(tmp_path / "1.bin")
    put(tmp_path, "events_np/a/1.npz")
    assert find(tmp_path).simulated


def test_a_note_in_one_archive_says_that_all_is_simulated(tmp_path):
    zip_of(tmp_path / "A.zip", {"a/1.bin": b""})
    zip_of(tmp_path / "B.zip", {"b/1.bin": b""}, comment=SAYS)
    assert find(tmp_path).simulated
    zip_of(tmp_path / "B.zip", {"b/2.bin": b""})
    assert not find(tmp_path).simulated


@pytest.mark.parametrize("there", [True, False])
def test_nothing_there_says_what_to_do(tmp_path, there):
    folder = tmp_path / "set"
    if there:
        put(folder, "c/1.bin", "a/x.bin")
    with pytest.raises(DataError) as raised:
        find(folder)
    assert str(raised.value) == (
        f"Set: no recordings in {folder}; get A.zip (1 GB, md5 aa) from https://a.example, B.zip "
        f"(2 GB, md5 bb) from https://b.example and put it into {folder}, packed or unpacked; or "
        "correct --data.root, --data.folder or TSSD_DATA"
    )


def test_an_archive_of_something_else_is_named(tmp_path):
    zip_of(tmp_path / "A.zip", {"holiday/1.jpg": b""})
    with pytest.raises(DataError, match=r"no \.bin recordings of it in .*A\.zip; get A\.zip"):
        find(tmp_path)


def test_a_damaged_archive_comes_with_advice(tmp_path):
    put(tmp_path, "A.zip")
    with pytest.raises(DataError, match=r"A\.zip is something else.*; get A\.zip \(1 GB, md5 aa"):
        find(tmp_path)


@pytest.mark.parametrize("name", ["long" * 2000, "a\0b"])
def test_a_folder_that_cannot_be_is_not_there(tmp_path, name):
    with pytest.raises(DataError, match="no recordings in"):
        find(tmp_path / name)
