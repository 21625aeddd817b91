"""Errors a user can cause: one line that names what was found, what was expected and the remedy."""


class TssdError(Exception):
    """Base of every error that the command line prints as one line instead of a traceback."""

    exit_code = 1

    def __str__(self) -> str:
        return printable(super().__str__())


class UsageError(TssdError, ValueError):
    """A wrong option, name or combination of values. Exit code 2."""

    exit_code = 2


class DataError(TssdError):
    """Something on disk is missing, damaged or does not fit. Exit code 1."""

    exit_code = 1


def printable(text: str) -> str:
    r"""Spell out what a name of a file may hold to mislead a terminal: control characters as \x1b.

    Line breaks stay, since a message may have several lines; bytes that are no text become \udc80.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )
