import sys

import pytest

from tssd.hub.download import FILES


def test_a_dry_run_says_what_would_be_uploaded_and_where(tssd, trained, tmp_path):
    before = {path for path in trained.rglob("*")}
    outcome = tssd("push", trained, "jane/digits", "--dry-run")
    assert (outcome.code, outcome.err) == (0, "")
    listed = [line.split()[0] for line in outcome.out.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted(FILES)
    assert "for https://huggingface.co/jane/digits\n" in outcome.out
    assert "no licence is given" in outcome.out
    assert outcome.out.endswith("nothing was uploaded\n")
    assert [*tmp_path.iterdir()] == []
    assert {path for path in trained.rglob("*")} == before


def test_output_writes_it_for_a_name_without_an_owner_too(tssd, trained, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # neither asks for the library
    outcome = tssd("push", trained, "digits", "--license", "mit", "--output", "made")
    assert outcome.code == 0
    assert "no licence" not in outcome.out
    assert {path.name for path in (tmp_path / "made").iterdir()} == {*FILES}
    assert 'tssd.load("hub:digits")' in (tmp_path / "made/README.md").read_text()
    assert tssd("push", trained, "digits", "--output", "made").code == 1


def test_a_push_uploads_and_says_where_and_how_to_load_it(tssd, trained, hub):
    outcome = tssd("push", trained, "hub:jane/digits", "--license", "mit", "--message", "A net")
    assert outcome.code == 0
    ((sha, files),) = hub.repositories["jane/digits"].commits
    assert f"/jane/digits/commit/{sha}\n" in outcome.out
    assert 'tssd.load("hub:jane/digits") loads it' in outcome.out
    assert {*files} == {*FILES}


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ([], "expected a run folder and the repository"),
        (["run"], "expected a run folder and the repository"),
        (["run", "a/b/c"], "is not the name of a trained network; expected OWNER/NAME"),
        (["run", "net"], "net: whose repository? expected OWNER/NAME"),
        (["run", "a/b", "--dry-run", "--output", "x"], "--dry-run writes nothing"),
        # Of a variable that is not set: nothing was to be uploaded.
        (["run", "a/b", "--output", ""], "--output: got '', which says nothing"),
        (["run", "a/b", "--license="], "--license: got '', which says nothing"),
        (["run", "a/b", "--licence", "mit"], "--licence: no such option; did you mean --license"),
        (["run", "a/b", "--dry-run", "--card", "none.md"], "--card: none.md can't be read"),
    ],
)
def test_mistakes(tssd, words, mistake):
    outcome = tssd("push", *words)
    assert outcome.code == 2
    assert mistake in outcome.mistake


def test_without_the_library_nothing_is_read(tssd, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    outcome = tssd("push", "no_such_run", "jane/digits")
    assert outcome.code == 2
    assert outcome.mistake.endswith("is not installed: pip install 'tssd[hub]'")
