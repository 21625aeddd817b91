"""The pages that readers see, and the code blocks in them."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

# A block that is not run has its reason in a comment above it.
_BLOCK = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>[^\n]*?) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$"
    r"(?:\n\n(?P=indent)```text\n(?P<prints>.*?)^(?P=indent)```$)?",
    re.MULTILINE | re.DOTALL,
)
_NAMED = re.compile(r"# ([\w./-]+\.yaml)\b")
# Programs whose commands are looked at, behind variables of the environment.
_PROGRAM = re.compile(r"\s*(?:[A-Z_]+=\S+ )*(?:tssd|make|python|torchrun)\b")
# What ends a command on a line of several.
_ENDS = re.compile(r"[|>&;]")


@dataclass(frozen=True)
class Block:
    """One code block.

    Args:
        page: that it stands on.
        line: of the page, its first.
        text: without the page's indentation.
        reason: why it is not run; None = it is.
        prints: the text block below it, which is what it prints; None = there is none.
    """

    page: Path
    line: int
    text: str
    reason: str | None
    prints: str | None

    @property
    def name(self) -> str:
        """Such as docs/networks.md:17."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """The code blocks of a page, of these languages."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        if match["language"] in languages:
            line = text.count("\n", 0, match.start("text")) + 1
            code, prints = textwrap.dedent(match["text"]), match["prints"]
            found.append(
                Block(page, line, code, match["reason"], prints and textwrap.dedent(prints))
            )
    return found


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a block in words; comments and what their output goes to are left out."""
    for line in text.replace("\\\n", " ").splitlines():
        if not _PROGRAM.match(line):
            continue
        words = shlex.split(line, comments=True)
        end = next((i for i, word in enumerate(words) if _ENDS.match(word)), len(words))
        first = next(i for i, word in enumerate(words) if "=" not in word)
        yield words[first:end]


def named_files(page: Path) -> dict[str, str]:
    """YAML files that a page shows, by the path in the comment that begins them."""
    shown = [(_NAMED.match(block.text), block.text) for block in blocks(page, "yaml")]
    return {name[1]: text for name, text in shown if name}
