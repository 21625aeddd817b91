"""What is said of an error that ends a program: one line, and where it was if it is a mistake."""

import traceback
from typing import NamedTuple

from tssd.errors import TssdError

# What torch, its allocators, numpy and the loader of libraries say when there is no memory left.
NO_MEMORY = (
    *("out of memory", "allocate memory", "Unable to allocate", "bad_alloc"),
    *("failed to map segment", "cannot map zero-fill"),
)


class LastWords(NamedTuple):
    """One line for the user, the exit code, and a traceback where a mistake in some code shows."""

    line: str
    exit_code: int
    details: str = ""


def last_words(error: BaseException) -> LastWords:
    """What to say of an error. TssdError and OSError speak for themselves."""
    if isinstance(error, TssdError):
        return LastWords(str(error), error.exit_code)
    if isinstance(error, OSError):
        return LastWords(str(error), 1)
    said = " ".join(str(error).split())
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if isinstance(error, MemoryError) or any(sign in said for sign in NO_MEMORY):
        line = (
            f"out of memory ({what}); lower --data.batch_size, --timesteps.teacher, the size of "
            "the samples or that of the network"
        )
    elif isinstance(error, RecursionError):
        line = f"something is nested too deeply ({what}); check the files and options given"
    elif isinstance(error, OverflowError):
        line = f"a number is too large ({what}); check the options given"
    elif isinstance(error, UnicodeError):
        line = f"text that cannot be read or printed ({what}); is the file UTF-8, and the terminal?"
    else:
        line = f"{what}; this is a mistake in tssd, or in a module of yours: see the lines above"
        return LastWords(line, 1, "".join(traceback.format_exception(error)))
    return LastWords(line, 1)
