"""`tssd hub`: the trained networks that come with tssd, or the card of one."""

import json
from typing import Any

from rich.table import Table
from rich.text import Text

from tssd.cli.console import console
from tssd.cli.parser import CommandParser
from tssd.errors import DataError, UsageError, printable
from tssd.hub.download import CARD
from tssd.hub.locate import located
from tssd.hub.name import PREFIX
from tssd.hub.shipped import shipped
from tssd.runs.folder import RunFolder

EPILOG = """A network is used by its name: `tssd predict hub:NAME FILE`, `tssd evaluate hub:NAME`,
`tssd train RECIPE --init hub:NAME`, in Python `tssd.load("hub:NAME")`. Those of a hub are called
hub:OWNER/NAME, hub:OWNER/NAME@REVISION: pip install 'tssd[hub]'.

examples:
  tssd hub
  tssd hub digits-vgg9"""


def run(words: list[str]) -> int:
    """Print the list, or a card."""
    parser = CommandParser("hub", usage="[NAME | OWNER/NAME[@REVISION] | --json]", epilog=EPILOG)
    parser.add_argument("name", nargs="?", metavar="NAME", help="show the card of this network")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    args = parser.parse(words)
    if args.help:
        parser.print_help()
    elif args.name is not None and args.json:
        raise UsageError("--json prints the list; a card is text, so leave out that or the name")
    elif args.name is not None:
        _show(f"{PREFIX}{args.name.removeprefix(PREFIX)}")
    elif args.json:
        print(json.dumps(listed(), indent=2))
    else:
        _print(listed())
    return 0


def listed() -> dict[str, dict[str, Any]]:
    """The networks of the package, by their name: what they are of, and how good."""
    found = {}
    for name, folder in shipped().items():
        run = RunFolder.open(folder)
        results = run.read_results()
        evaluation = results.evaluated()
        found[f"{PREFIX}{name}"] = {
            "description": results.description,
            "dataset": results.dataset,
            "timesteps": {
                "student": results.timesteps.student,
                "teacher": results.timesteps.teacher,
            },
            "accuracy": list(evaluation.accuracy),
            "test_samples": evaluation.samples,
            "parameters": results.parameters,
            "bytes": run.weights.stat().st_size,
        }
    return found


def _print(networks: dict[str, dict[str, Any]]) -> None:
    table = Table()
    # A name is never cut, for it is what a reader copies.
    table.add_column("network", min_width=max(map(len, networks), default=0))
    table.add_column("T_s, T_t", no_wrap=True)
    for heading in ("accuracy, %", "n", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, about in networks.items():
        student, teacher = about["timesteps"].values()
        shares = [f"{100 * about['accuracy'][t - 1]:.2f}" for t in (student, teacher)]
        table.add_row(
            Text.assemble((name, "bold"), f"\n{about['description']}"),
            f"{student}, {teacher}",
            ", ".join(shares),
            str(about["test_samples"]),
            f"{about['bytes'] / 1e6:.2f}",
        )
    console().print(table)
    print("accuracy at T_s and at T_t on n test samples; the size of the weights")
    print("`tssd hub NAME` shows a card; `tssd predict hub:NAME FILE` decides with one.")


def _show(name: str) -> None:
    card = located(name) / CARD
    try:
        print(printable(card.read_text(encoding="utf-8")), end="")
    except (OSError, UnicodeDecodeError):
        raise DataError(f"{name}: it has no card that can be read ({CARD})") from None
