"""Words of a command line: the command's own options, and those of the recipe among them."""

import argparse
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NoReturn

from tssd.config.quick_names import names
from tssd.config.sections import MEANINGS, option_parts, with_defaults
from tssd.config.suggest import nearest
from tssd.errors import UsageError

# Kept here so that `tssd --help` need not import the commands.
SUMMARIES = {
    "train": "train a recipe into a run folder, then evaluate it at every timestep",
    "evaluate": "evaluate a run at every timestep: accuracy, calibration, spikes, energy",
    "compare": "train recipes over several seeds, where missing, and tabulate them",
    "reproduce": "a table or figure of the paper: ours beside the paper's numbers",
    "report": "a run, or the runs of a folder, as one HTML file that needs no network",
    "export": "write a trained network for another runtime, run it there and compare",
    "predict": "classify images or recordings with a run: class and confidence at every T",
    "bench": "a run in PyTorch, ONNX Runtime and the engine: latency, memory, accuracy, energy",
    "hub": "list the trained networks that come with tssd, or show the card of one",
    "push": "upload a run to a hub, with a card, or write what would be uploaded",
    "data": "prepare, inspect, draw or simulate a data set",
    "recipes": "list what recipes are composed of, or show one",
    "doctor": "check that it works here: versions, devices, a training step, resuming",
    "completion": "a script that makes a shell complete commands, recipes and options",
}

Override = tuple[str, str]
# As `tssd.trained.LONGEST`, which takes torch's seconds to know.
MOST_TIMESTEPS = 1000
# And as `tssd.training.settings.MOST_TIMESTEPS`: to which runs can be evaluated.
MOST_EVALUATED = 100_000
# A larger one is refused before those in front of it are trained.
MOST_SEED = 2**32 - 1
# What commands on a trained run take of the trainer.
OF_A_TRAINED = ("accelerator", "data_on_device", "evaluate_timesteps", "progress", "threads")
# Digits of a number that is looked at, and the largest that has so many.
DIGITS = 20
MOST_DECIMAL = 10**DIGITS - 1


class CommandParser(argparse.ArgumentParser):
    """Parser of one command, whose mistakes are UsageErrors.

    Args:
        command: its name.
        usage: what follows the name.
        epilog: examples.
    """

    def __init__(self, command: str, *, usage: str, epilog: str) -> None:
        super().__init__(
            prog=f"tssd {command}",
            usage=f"tssd {command} {usage}",
            description=SUMMARIES[command],
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            # Ours does not end the program: `tssd train RECIPE --help` shows the recipe, too.
            add_help=False,
        )
        self.add_argument("-h", "--help", action="store_true", help="show this help")
        self.add_argument(
            "--trust",
            action="append",
            default=[],
            metavar="MODULE",
            help="a module or package that run folders may import besides tssd and torch; may be "
            "given several times",
        )

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found, instead of leaving."""
        message = message.removeprefix("argument ")
        message = message.replace("unrecognized arguments:", "unexpected:")
        raise UsageError(f"{message}; `{self.prog} --help` shows what is expected")

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """The command's own words only; options stand anywhere among the others.

        Raises: UsageError: an option that the command does not have.
        """
        own, others = self._split(words)
        for name, _ in others:
            raise UsageError(f"--{name}: no such option; {self.nearest(name)}")
        return self._parsed(own)

    def parse_with_recipe(self, words: Sequence[str]) -> tuple[argparse.Namespace, list[Override]]:
        """The command's own words, and options of a recipe as pairs of name and YAML value.

        `--a.b value`, `--a.b=value`, or `--a.b` for true.

        Raises: UsageError: a misspelt option of the command.
        """
        own, overrides = self._split(words)
        for name, _ in overrides:
            # Names with a dot, and those that it is short of, are the recipe's to judge.
            known = "." in name or name in _names_of_any_recipe()
            if not known and (near := self.nearest(name)).startswith("did you mean"):
                raise UsageError(f"--{name}: no such option; {near}")
        return self._parsed(own), overrides

    def refuse_fixed(self, overrides: Sequence[Override], *, changeable: Sequence[str]) -> None:
        """Refuse options that a trained run keeps.

        Raises: UsageError: one of another section than those that can change, or of none.
        """
        for name, _ in overrides:
            if "." not in name and name not in MEANINGS:
                raise UsageError(f"--{name}: no such option; {self.nearest(name)}")
            option = ".".join(option_parts(name))
            section, _, own = option.partition(".")
            if section not in changeable:
                can = " and ".join(changeable)
                raise UsageError(f"--{name}: a trained run keeps it; only {can} can change")
            # What is misspelt is told with what is near by who reads it.
            if section == "trainer" and own not in OF_A_TRAINED and option in names({}):
                raise UsageError(
                    f"--{name}: is of the training, which is over; of trainer, only "
                    f"{', '.join(OF_A_TRAINED)} change anything here"
                )

    def nearest(self, name: str) -> str:
        """The nearest of the command's own options."""
        own = [o.removeprefix("--") for o in self._option_string_actions if o.startswith("--")]
        return nearest(name, own, prefix="--")

    def _parsed(self, own: Sequence[str]) -> argparse.Namespace:
        # Else argparse takes FILE... for empty at the first option after RUN.
        return self.parse_intermixed_args(own)

    def _split(self, words: Sequence[str]) -> tuple[list[str], list[Override]]:
        own: list[str] = []
        others: list[Override] = []
        queue = deque(words)
        while queue:
            word = queue.popleft()
            name, equals, value = word.partition("=")
            action = self._option_string_actions.get(name)
            if action is not None or not name.startswith("--"):
                own.append(word)
                if action is not None and action.nargs != 0 and not equals and queue:
                    own.append(queue.popleft())
                continue
            if not equals:
                value = queue.popleft() if queue and not queue[0].startswith("--") else "true"
            others.append((name.removeprefix("--"), value))
        return own, others


def _names_of_any_recipe() -> set[str]:
    """Names of sections, and last parts of the options that every recipe has."""
    return {name.rpartition(".")[2] for name in names(with_defaults({}))}


def trusted_modules(words: Sequence[str]) -> list[str]:
    """What a command line gives as --trust, which counts wherever a run folder is read."""
    follows = [word for option, word in pairwise(words) if option == "--trust"]
    return follows + [w.removeprefix("--trust=") for w in words if w.startswith("--trust=")]


def at_least(minimum: int) -> Callable[[str], int]:
    """A type for argparse: whole numbers from `minimum` on."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if value < minimum:
            raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number >= {minimum}")
        return value

    return number


def not_empty(text: str) -> str:
    """A type for argparse: text that is there, and no variable of a shell that is not set."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"got {text!r}, which says nothing; leave the option out")
    return text


def whole_numbers(option: str, text: str, *, least: int, most: int = MOST_DECIMAL) -> list[int]:
    """Whole numbers separated by commas, each once. Raises: UsageError: anything else."""
    parts = [part.strip() for part in text.split(",")]
    # One of thousands of digits is none to Python, which says so by a traceback.
    large = [p for p in parts if p.isdecimal() and (len(p) > DIGITS or int(p) > most)]
    if large or not all(part.isdecimal() and int(part) >= least for part in parts):
        bounds = f">= {least}"
        if large:
            bounds = (
                f"of at most {DIGITS} digits" if most == MOST_DECIMAL else f"from {least} to {most}"
            )
        raise UsageError(
            f"--{option}: got {text[:40]!r}, expected whole numbers {bounds} such as {least},2,4"
        )
    return list(dict.fromkeys(int(part) for part in parts))


def timesteps_of(text: str) -> int:
    """A type for argparse: a T that a trained network runs for."""
    value = at_least(1)(text)
    if value > MOST_TIMESTEPS:
        raise argparse.ArgumentTypeError(f"got {value}, expected 1 to {MOST_TIMESTEPS}")
    return value


def epoch_of(text: str) -> str | int:
    """A type for argparse: best, last or the number of an epoch."""
    if text in ("best", "last"):
        return text
    if text.isdecimal() and int(text):
        return int(text)
    raise argparse.ArgumentTypeError(f"got {text!r}, expected best, last or the number of an epoch")
