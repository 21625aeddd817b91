import hashlib
import io
import zipfile
from http.client import IncompleteRead

import pytest

from tssd.errors import DataError
from tssd.events.datasets.fetch import fetch
from tssd.events.datasets.sources import Download


@pytest.fixture
def offered(tmp_path):
    """An archive as a server offers it, by a URL that needs no network."""

    def offer(members=(("folder/a.h5", b"content"),), md5=None, content=None):
        archive = tmp_path / "server/a.h5.zip"
        archive.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(archive, "w") as made:
            for name, body in members:
                made.writestr(name, body)
        if content is not None:
            archive.write_bytes(content)
        found = hashlib.md5(archive.read_bytes()).hexdigest()
        return Download("a.h5.zip", archive.as_uri(), "small", md5 or found)

    return offer


def test_the_file_appears_and_nothing_else(offered, tmp_path):
    fetch([offered()], tmp_path / "new/SHD")
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "new/SHD").iterdir()] == [
        ("a.h5", b"content")
    ]


def test_what_is_there_stays(offered, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"mine")
    fetch([offered()], tmp_path)
    assert (tmp_path / "a.h5").read_bytes() == b"mine"


def test_an_archive_that_is_there_is_only_unpacked(offered, tmp_path):
    download = offered()
    (tmp_path / "there").mkdir()
    (tmp_path / "server/a.h5.zip").rename(tmp_path / "there/a.h5.zip")
    fetch([download], tmp_path / "there")
    assert (tmp_path / "there/a.h5").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"md5": "0" * 32}, r"a.h5.zip has the md5 [0-9a-f]{32}, expected 0{32}: the server sent"),
        ({"members": [("b.h5", b"")]}, r"a.h5.zip holds \['b.h5'\], expected a.h5: delete it"),
        ({"content": b"PK not quite"}, "a.h5.zip is damaged .*: delete it, and get it from file:"),
    ],
)
def test_anything_else_is_refused_and_leaves_no_file(offered, tmp_path, options, message):
    with pytest.raises(DataError, match=message):
        fetch([offered(**options)], tmp_path / "new")
    assert not [p for p in (tmp_path / "new").iterdir() if p.suffix != ".zip"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (IncompleteRead(b"abc", 5), r"IncompleteRead\(3 bytes read, 5 more expected\)"),
        (TimeoutError("The read operation timed out"), "The read operation timed out"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
    ],
)
def test_a_connection_that_breaks_is_told_as_one(tmp_path, monkeypatch, error, reason):
    class Source(io.BytesIO):
        def read(self, size):
            if block := super().read(2):
                return block
            raise error

    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: Source(b"abc"))
    download = Download("a.h5.zip", "https://there/a.h5.zip", "small", "0" * 32)
    with pytest.raises(
        DataError, match=f"a.h5.zip cannot be downloaded .*{reason}.*the connection"
    ):
        fetch([download], tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_disk_that_is_full_is_told_as_one(offered, tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, block):
            raise OSError(28, "No space left on device")

    download = offered()
    monkeypatch.setattr("tssd.atomic.open", lambda path, mode: Full(), raising=False)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\)"):
        fetch([download], tmp_path / "new")


def test_a_server_that_is_not_there_is_told(tmp_path):
    download = Download("a.h5.zip", (tmp_path / "gone.zip").as_uri(), "small", "0" * 32)
    with pytest.raises(DataError, match=r"cannot be downloaded .*put a.h5.zip into .*new by hand"):
        fetch([download], tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
