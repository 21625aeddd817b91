"""What commands print: tables of accuracies and of options."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tssd.config.options import children
from tssd.config.schema import SECTIONS


def print_accuracy(results: Mapping[str, Any], *, title: str) -> None:
    """Test accuracy at every T, of the best epoch and of the last."""
    student = results["timesteps"]["student"]
    table = Table(title=title, title_justify="left")
    table.add_column("test accuracy, %")
    rows = {"best epoch on validation": results["best"], "last epoch": results["last"]}
    for t in range(1, len(results["best"]["accuracy"]) + 1):
        table.add_column(f"T={t}" + ("*" if t == student else ""), justify="right")
    for name, row in rows.items():
        values = [f"{100 * a:.2f}" for a in row["accuracy"]]
        table.add_row(f"{name} ({row['epoch'] + 1})", *values)
    console().print(table)
    print(f"* the timesteps it is meant for; {results['best']['samples']} test images")


def print_options(config: Mapping[str, Any]) -> None:
    """Every option of a recipe: name, value now, meaning with its unit."""
    table = Table(title="options of this recipe", title_justify="left", show_lines=False)
    for column in ("option", "value", "meaning"):
        table.add_column(column, overflow="fold")
    for name, (_, text) in SECTIONS.items():
        for option, value, meaning in _options(config.get(name), name, text):
            table.add_row(f"--{option}", "" if value is None else str(value), meaning)
    console().print(table)


def _options(node: Any, name: str, meaning: str) -> Iterator[tuple[str, Any, str]]:
    below = children(node, name)
    if isinstance(node, dict) and "class_path" in node:
        yield name, node["class_path"], meaning
        node = node.get("init_args") or {}
    elif below is None and not isinstance(node, dict):
        yield name, node, meaning
        return
    for child, text in (below or dict.fromkeys(node, meaning)).items():
        yield from _options((node or {}).get(child), f"{name}.{child}", text)


def console() -> Console:
    """Standard output, wide enough for a table also where it is not a terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=120)
