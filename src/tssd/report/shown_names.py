"""Names that others chose, as text: never as markup, as a command to a terminal or as a formula."""

import re
import unicodedata

# What turns the direction of the text around it.
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def printable(text: str) -> str:
    r"""On one line of a terminal: control characters are written out, line breaks are spaces.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    plain = " ".join(text.splitlines())
    # Cc: control characters, Cs: halves of a pair, which no encoding has.
    return "".join(
        c.encode("unicode_escape").decode()
        if unicodedata.category(c) in ("Cc", "Cs") or unicodedata.bidirectional(c) in TURNING
        else c
        for c in plain
    )


def in_markdown(text: str) -> str:
    r"""In a sentence or a cell of a table.

    >>> in_markdown("a|b, <i>, *x*, snake_case")
    'a\\|b, \\<i>, \\*x\\*, snake_case'
    """
    # An underscore inside a word is one.
    return re.sub(r"[\\`*\[\]<|$~]|(?<!\w)_|_(?!\w)", r"\\\g<0>", printable(text))


def in_csv(text: str) -> str:
    r"""In a cell that a spreadsheet opens, which would take it for a formula and compute it.

    >>> in_csv("=1+1"), in_csv("TSSD"), in_csv("-x")
    ("'=1+1", 'TSSD', "'-x")
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def in_plot(text: str) -> str:
    r"""In a picture by Matplotlib, which takes what stands between two dollars for a formula.

    >>> in_plot("$^$"), in_plot("_x")
    ('\\$^\\$', ' _x')
    """
    plain = printable(text).replace("$", r"\$")
    # What begins with an underscore has no place in a legend.
    return f" {plain}" if plain.startswith("_") else plain
