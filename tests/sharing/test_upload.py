import pytest

from tssd.errors import DataError, UsageError
from tssd.hub.name import HubName
from tssd.sharing.upload import upload

NAME = HubName("digits", "jane")


def test_a_new_repository_gets_all_files_in_one_commit(hub, shared):
    url = upload(shared, NAME, private=True, message="First")
    repository = hub.repositories["jane/digits"]
    ((sha, files),) = repository.commits
    assert files == shared
    assert url.endswith(f"/jane/digits/commit/{sha}")
    assert repository.private
    # The head of the card was put before the hub's own check.
    assert ("POST", "/api/validate-yaml") in hub.asked


def test_what_is_uploaded_loads_again(hub, shared, trained):
    from tssd.reopened.load import load

    upload(shared, NAME)
    own, theirs = load(trained).state_dict(), load("hub:jane/digits").state_dict()
    assert own.keys() == theirs.keys()
    assert all(theirs[name].equal(tensor) for name, tensor in own.items())


def test_what_was_there_stays_and_a_stale_exit_goes(hub, shared):
    upload(shared | {"notes.md": b"of its owner"}, NAME)
    without = {name: body for name, body in shared.items() if name != "exits.safetensors"}
    upload(without, NAME)
    assert hub.repositories["jane/digits"].at("main")[1] == without | {"notes.md": b"of its owner"}
    assert [path for _, path in hub.asked].count("/api/repos/create") == 1


def test_a_public_repository_is_not_pushed_to_as_a_private_one(hub, shared):
    upload(shared, NAME)
    with pytest.raises(UsageError, match="--private: jane/digits is there already and public"):
        upload(shared, NAME, private=True)
    assert len(hub.repositories["jane/digits"].commits) == 1


def test_a_branch_has_to_be_there(hub, shared):
    branch = NAME._replace(revision="trial")
    with pytest.raises(UsageError, match="a new one has no branches; push to jane/digits first"):
        upload(shared, branch)
    assert not hub.repositories
    upload(shared, NAME)
    with pytest.raises(DataError, match="the repository has no such revision"):
        upload(shared, branch)


def test_a_token_that_may_not_write_is_told(hub, shared, monkeypatch):
    hub.refuse = 403
    with pytest.raises(DataError, match=r"^hub:jane/digits: .* refuses it \(HTTP 403\); log in"):
        upload(shared, NAME)
    hub.refuse = None
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    with pytest.raises(DataError, match=r"log in"):
        upload(shared, NAME)
    assert not hub.repositories
