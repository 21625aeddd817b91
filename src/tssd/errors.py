"""Errors a user can cause: one line that names what was found, what was expected and the remedy."""


class TssdError(Exception):
    """Base of every error that the command line prints as one line instead of a traceback."""

    exit_code = 1


class UsageError(TssdError, ValueError):
    """A wrong option, name or combination of values. Exit code 2."""

    exit_code = 2


class DataError(TssdError):
    """Something on disk is missing, damaged or does not fit. Exit code 1."""

    exit_code = 1
