import pytest

from tssd.errors import DataError
from tssd.hub.download import downloaded
from tssd.hub.name import HubName

NET = {"config.yaml": b"a: 1", "model.json": b"{}", "model.safetensors": b"weights"}


@pytest.fixture
def repository(hub):
    from hub.stand_in import Repository

    hub.repositories["jane/net"] = Repository()
    return hub.repositories["jane/net"]


def test_only_the_files_of_a_network_are_fetched(hub, repository):
    other = {"setup.py": b"import os", "model.bin": b"pickled", "sub/config.yaml": b"b: 2"}
    repository.commit({**NET, **other, "README.md": b"# net"})
    folder = downloaded(HubName("net", "jane"))
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    assert names == {*NET, "README.md"}
    assert not [path for _, path in hub.asked if path.endswith((".py", ".bin"))]


def test_a_revision_is_a_commit_or_a_branch(repository):
    first = repository.commit(NET)
    repository.commit(NET | {"config.yaml": b"a: 2"})
    repository.commit(NET | {"config.yaml": b"a: 3"}, "refs/pr/1")
    found = [
        (downloaded(HubName("net", "jane", revision)) / "config.yaml").read_bytes()
        for revision in (first, None, "refs/pr/1")
    ]
    assert found == [b"a: 1", b"a: 2", b"a: 3"]
    with pytest.raises(DataError, match=r"^hub:jane/net@v9: the repository has no such revision"):
        downloaded(HubName("net", "jane", "v9"))


def test_without_a_network_what_was_fetched_will_do(repository, monkeypatch):
    repository.commit(NET)
    folder = downloaded(HubName("net", "jane"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert downloaded(HubName("net", "jane")) == folder
    with pytest.raises(DataError, match=r"^hub:jane/other: http://127.0.0.1:9 can't be reached"):
        downloaded(HubName("other", "jane"))


def test_what_holds_no_network_of_ours_is_said(hub, repository):
    with pytest.raises(DataError, match=r"^hub:joe/net: no such repository on .*hf auth login"):
        downloaded(HubName("net", "joe"))
    repository.commit({"config.json": b"{}", "model.safetensors": b"of another library"})
    with pytest.raises(DataError, match=r"^hub:jane/net: it has no model.json; expected"):
        downloaded(HubName("net", "jane"))
