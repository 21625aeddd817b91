"""Entry point: one command a module, errors in one line, exit codes 0, 1, 2 and 130."""

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence

from rich.console import Console

from tssd.cli import compare, evaluate, predict, recipes, train
from tssd.errors import TssdError

COMMANDS = {
    "train": train,
    "evaluate": evaluate,
    "compare": compare,
    "predict": predict,
    "recipes": recipes,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code.

    0 done, 1 something on disk is missing or damaged, 2 wrong usage, 130 interrupted (Ctrl-C).
    """
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    for chatty in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return _run(sys.argv[1:] if argv is None else list(argv))
    except TssdError as error:
        console.print(f"tssd: {error}", style="red", markup=False)
        return error.exit_code
    except KeyboardInterrupt:
        console.print("tssd: interrupted; finished epochs are kept, --resume continues")
        return 130
    except BrokenPipeError:
        return 0


def _run(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="tssd",
        description="Train low-latency spiking neural networks by self-distillation.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        # Options of the recipe follow the command's own, so --help of a command is its own, too.
        sub = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument("-h", "--help", action="store_true", help="show this help")
        module.add_arguments(sub)
        sub.set_defaults(parser=sub)
    args, rest = parser.parse_known_args(argv)
    return COMMANDS[args.command].run(args, rest)
