"""Every command of a page is one: it exists, and so do its options, recipes, plans and scripts."""

import re
from pathlib import Path

import pytest

from tssd.cli import main
from tssd.cli.parser import SUMMARIES
from tssd.reproduce.plan_file import load_plan

from .pages import PAGES, ROOT, blocks, commands, named_files

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
INLINE = re.compile(r"`tssd ([^`]+)`")
# Options of `tssd data` itself, which a training with the same recipe does not have.
OF_DATA = {"--sample", "--set", "--output"}


def checked(words: list[str]) -> list[str]:
    """A command line that checks this one and does nothing: the help of it."""
    command, *rest = words
    if command == "data" and rest[0] != "simulate":
        own = [i for i, word in enumerate(rest) if word in OF_DATA]
        kept = [w for i, w in enumerate(rest) if i not in own and i - 1 not in own]
        return ["train", *kept[1:], "--help"]
    if command == "reproduce" and rest and not rest[0].startswith("-"):
        load_plan(rest[0])
    # Listing and showing recipes is as cheap as asking for help.
    return words if command == "recipes" else [*words, "--help"]


def lines_of(page: Path) -> list[list[str]]:
    return [words for block in blocks(page, "bash", "") for words in commands(block.text)]


@pytest.mark.parametrize("page", [p for p in PAGES if lines_of(p)], ids=lambda page: page.stem)
def test_the_commands_of_a_page_are_right(page, tmp_path, monkeypatch, capsys):
    for name, text in named_files(page).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for words in lines_of(page):
        if "-m" in words and words[words.index("-m") + 1] == "tssd":
            words = words[words.index("-m") + 1 :]
        program, *rest = words
        if program == "tssd":
            assert main(checked(rest)) == 0, (page.name, words, capsys.readouterr().err)
        elif program == "make":
            wrong = {word for word in rest if "=" not in word} - TARGETS
            assert not wrong, (page.name, words)
        elif program.startswith("python") and rest[0].endswith(".py"):
            assert (ROOT / rest[0]).is_file(), (page.name, words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_in_the_text_exists(page):
    named = {found.split()[0] for found in INLINE.findall(page.read_text(encoding="utf-8"))}
    capitals = {word for word in named if word.isupper() or word.startswith("-")}
    assert not named - capitals - set(SUMMARIES)
