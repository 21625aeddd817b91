"""Our docstrings in the API reference: "Shapes:", "Source:" and the like begin lines of their own.

They are one-line entries, which Markdown would run together into a paragraph; and two shapes side
by side, such as [T][N], would be read as a link.
"""

import re

import griffe

_ENTRY = re.compile(r"^(Shapes|Edge cases|Raises|Source): ", re.MULTILINE)
_CODE_OR_BRACKETS = re.compile(r"(`[^`]*`)|\]\[")


def as_markdown(docstring: str) -> str:
    """A docstring with its entries as paragraphs."""
    docstring = _ENTRY.sub(r"\n**\1.** ", docstring)
    return _CODE_OR_BRACKETS.sub(lambda found: found[1] or r"]\[", docstring)


class DocstringLines(griffe.Extension):
    """Rewrites every docstring as it is found."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """See `griffe.Extension`."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)
