"""Errors that no part of tssd has put into words: the line that ends the program."""

import traceback

# What torch, its allocators, numpy and the loader of libraries say when there is no memory left.
NO_MEMORY = (
    *("out of memory", "allocate memory", "Unable to allocate", "bad_alloc"),
    *("failed to map segment", "cannot map zero-fill"),
)


def last_words(error: BaseException) -> str:
    """The line for an error; for a mistake in some code, after its traceback.

    Args:
        error: neither a TssdError nor an OSError, which speak for themselves.
    """
    said = " ".join(str(error).split())
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if isinstance(error, MemoryError) or any(sign in said for sign in NO_MEMORY):
        return (
            f"out of memory ({what}); lower --data.batch_size, --timesteps.teacher, the size of "
            "the samples or that of the network"
        )
    if isinstance(error, RecursionError):
        return f"something is nested too deeply ({what}); check the files and options given"
    if isinstance(error, OverflowError):
        return f"a number is too large ({what}); check the options given"
    if isinstance(error, UnicodeError):
        return f"text that cannot be read or printed ({what}); is the file UTF-8, and the terminal?"
    traceback.print_exception(error)
    return f"{what}; this is a mistake in tssd, or in a module of yours: see the lines above"
