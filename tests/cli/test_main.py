import logging
import re
import signal

import pytest

from tssd.cli.parser import SUMMARIES


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_lists_every_command(tssd, words):
    outcome = tssd(*words)
    assert (outcome.code, outcome.err) == (0, "")
    for command, summary in SUMMARIES.items():
        assert f"  {command}" in outcome.out
        assert summary in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 100


@pytest.mark.parametrize("command", SUMMARIES)
def test_every_command_has_help_with_an_example(tssd, command):
    outcome = tssd(command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"usage: tssd {command}")
    assert SUMMARIES[command] in outcome.out
    assert f"\n  tssd {command} " in outcome.out.partition("example")[2]


def test_the_version_is_shown(tssd):
    # Tests may run from a checkout that is not installed.
    assert re.fullmatch(r"tssd (\d+\.\d+.*|\(not installed\))\n", tssd("--version").out)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("trian", "trian: no such command; did you mean train?"),
        ("qqq", "qqq: no such command; valid are train, evaluate, compare"),
        ("--seed", "--seed: no such command; valid are train, "),
    ],
)
def test_an_unknown_command_names_the_nearest(tssd, word, expected):
    outcome = tssd(word)
    assert outcome.code == 2
    assert outcome.mistake.startswith(expected)


def test_ctrl_c_is_130_and_says_how_to_continue(tssd, monkeypatch):
    from tssd.cli import recipes, train

    def interrupt(words):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(train, "run", interrupt)
    monkeypatch.setattr(recipes, "run", interrupt)
    outcome = tssd("train", "digits/tssd")
    assert outcome.code == 130
    assert outcome.mistake == "interrupted; finished epochs are kept, continue with --resume"
    assert tssd("recipes").mistake == "interrupted"


def test_a_folder_that_was_removed_is_one_line(tssd, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    found = tssd("recipes")
    assert (found.code, found.mistake) == (
        1, "the current folder is gone (No such file or directory); `cd` to another"
    )  # fmt: skip


def test_a_name_in_a_message_is_no_command_to_the_terminal(tssd, monkeypatch):
    def run(words):
        logging.getLogger("tssd").warning("classes are missing: %s", "\x1b[31mred")
        raise ArithmeticError("\x1b[2J")

    monkeypatch.setattr("tssd.cli.recipes.run", run)
    found = tssd("recipes")
    assert "classes are missing: \\x1b[31mred\n" in found.err
    assert "tssd: ArithmeticError: \\x1b[2J; " in found.err


def test_an_error_of_the_file_system_is_one_line(tssd, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = tssd("train", "digits/tssd", "--output", "file/run", "--trainer.epochs", "1")
    assert outcome.code == 1
    assert "file" in outcome.mistake


def test_a_mistake_of_ours_shows_where_it_is(tssd, monkeypatch):
    from tssd.cli import recipes

    def deep(words):
        raise RecursionError("maximum")

    monkeypatch.setattr(recipes, "run", lambda words: {}["x"])
    outcome = tssd("recipes")
    assert outcome.code == 1
    first, *_, last = outcome.err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last.startswith("tssd: KeyError: 'x'; this is a mistake in tssd, or in a module of ")
    monkeypatch.setattr(recipes, "run", deep)
    assert tssd("recipes").mistake.startswith("something is nested too deeply")
