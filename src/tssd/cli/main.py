"""Entry point: one command a module, errors in one line, exit codes 0, 1, 2 and 130."""

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from rich.console import Console

from tssd.cli.parser import SUMMARIES
from tssd.config.suggest import nearest
from tssd.errors import TssdError, UsageError

# What to do after Ctrl-C.
CONTINUE = {
    "train": "; finished epochs are kept, continue with --resume",
    "compare": "; finished epochs are kept, the same command continues",
    "reproduce": "; finished epochs are kept, the same command continues",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code.

    0 done, 1 something on disk is missing or damaged, 2 wrong usage, 130 interrupted (Ctrl-C).
    """
    log = logging.getLogger("tssd")
    handler = logging.StreamHandler()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except TssdError as error:
        return _complain(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader, such as `head`, has enough; without this, Python complains as it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(str(error), 1)
    except KeyboardInterrupt:
        return _complain(f"interrupted{CONTINUE.get(words[0], '')}", 130)
    finally:
        # Called from a program, it leaves the program's logging as it was.
        log.removeHandler(handler)


def _run(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    command, *words = argv
    if command == "--version":
        print(f"tssd {_version()}")
        return 0
    if command not in SUMMARIES:
        raise UsageError(f"{command}: no such command; {nearest(command, SUMMARIES)}")
    if os.getcwd() not in sys.path:
        # A network of one's own beside the recipe is found, as with `python -m tssd`.
        sys.path.append(os.getcwd())
    # Imported when it is needed: what training needs takes seconds to import.
    module = import_module(f"tssd.cli.{command}")
    # Only now, since Lightning sets its own level when it is imported.
    for chatty in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        return module.run(words)


def overview() -> str:
    """What `tssd --help` shows."""
    commands = "\n".join(f"  {name:<9} {text}" for name, text in SUMMARIES.items())
    return f"""usage: tssd COMMAND ...

Train low-latency spiking neural networks by temporal-spatial self-distillation.

commands:
{commands}

`tssd COMMAND --help` shows the options of a command, `tssd train RECIPE --help` those of a recipe.

first steps:
  tssd recipes
  tssd train digits/tssd
  tssd compare digits/vanilla_ts digits/tssd --timesteps 1,2,4"""


def _complain(message: str, code: int) -> int:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"tssd: {' '.join(message.splitlines())}", style="red", markup=False)
    return code


def _version() -> str:
    try:
        return version("tssd")
    except PackageNotFoundError:
        return "(not installed)"
