"""Entry point: one command a module, errors in one line, exit codes that say how it ended.

Little is imported before `main` runs, and with it what answers Ctrl-C: the rest is, when needed.
"""

import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from tssd.cli.loading import hush
from tssd.errors import DataError, UsageError, printable
from tssd.signals import under_signals

# What to do after Ctrl-C.
CONTINUE = {
    "train": "; finished epochs are kept, continue with --resume",
    "compare": "; finished epochs are kept, the same command continues",
    "reproduce": "; finished epochs are kept, the same command continues",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code.

    0 done, 1 something on disk is missing or damaged, 2 wrong usage; interrupted: 130 by Ctrl-C
    (SIGINT), 143 by SIGTERM, 129 by SIGHUP.

    Args:
        argv: the words; None for those of the program, which ends with what this returns.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if argv is None:
        _print_anything()

    def interrupted() -> None:
        _complain(f"interrupted{CONTINUE.get(words[0], '') if words else ''}")

    return under_signals(lambda: _answered(words), _told, interrupted, program=argv is None)


def _answered(words: list[str]) -> int:
    closed = _replace_closed_streams()
    log = logging.getLogger("tssd")
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        if "stdout" in closed:
            log.warning("tssd: standard output is closed, what would be printed is lost")
        code = _run(words)
        sys.stdout.flush()
        return code
    finally:
        # Called from a program, it leaves the program's logging as it was.
        log.removeHandler(handler)


class _Printable(logging.Formatter):
    """Names in a message, such as those of classes, are no commands to a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The message's text."""
        return printable(super().format(record))


def _told(error: Exception) -> int:
    """Tell an error in one line, and show where a mistake of ours is; the exit code."""
    if isinstance(error, BrokenPipeError):
        # The reader, such as `head`, has enough.
        _discard_output()
        return 0
    try:
        sys.stdout.flush()
    except OSError:  # its reader has gone as well, or its disk is full
        _discard_output()
    from tssd.last_words import last_words

    line, code, details = last_words(error)
    if details:
        print(details, end="", file=sys.stderr)
    _complain(line)
    return code


def _run(argv: list[str]) -> int:
    from tssd.cli.parser import SUMMARIES, trusted_modules
    from tssd.config.suggest import nearest
    from tssd.config.trust import trusting

    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    command, *words = argv
    if command == "--version":
        print(f"tssd {_version()}")
        return 0
    if command not in SUMMARIES:
        raise UsageError(f"{command}: no such command; {nearest(command, SUMMARIES)}")
    try:
        os.getcwd()
    except OSError as error:  # libraries of torch would end the program without a reason
        raise DataError(
            f"the current folder is gone ({error.strerror}); `cd` to another"
        ) from error
    # Imported when it is needed: what training needs takes seconds to import.
    module = import_module(f"tssd.cli.{command}")
    hush()
    with warnings.catch_warnings(), trusting(trusted_modules(words)):
        warnings.filterwarnings("ignore", module="lightning")
        return module.run(words)


def overview() -> str:
    """What `tssd --help` shows."""
    from tssd.cli.parser import SUMMARIES

    commands = "\n".join(f"  {name:<10} {text}" for name, text in SUMMARIES.items())
    return f"""usage: tssd COMMAND ...

Train low-latency spiking neural networks by temporal-spatial self-distillation.

commands:
{commands}

`tssd COMMAND --help` shows the options of a command, `tssd train RECIPE --help` those of a recipe.

first steps:
  tssd recipes
  tssd train digits/tssd
  tssd compare digits/vanilla_ts digits/tssd --timesteps 1,2,4"""


def _complain(message: str) -> None:
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with suppress(OSError):  # its terminal may be gone, and nobody else could be told
        console.print(
            f"tssd: {' '.join(printable(message).splitlines())}", style="red", markup=False
        )


def _discard_output() -> None:
    """Throw away what could not be printed; without this, Python complains as it closes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_anything() -> None:
    """Replace what a terminal can't show, such as ±, rather than fail after hours of training."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _replace_closed_streams() -> list[str]:
    """Open the null device where a standard stream is closed (`>&-`); the names of those.

    Else the next file that is opened would get the stream's number, and what C prints.
    """
    closed: list[str] = []
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            closed.append(name)
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - it stays open
    return closed


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tssd")
    except PackageNotFoundError:
        return "(not installed)"
