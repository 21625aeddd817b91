"""What `tssd compare` prints below its table: each method minus a baseline."""

from rich.table import Table
from rich.text import Text

from tssd.cli.console import console
from tssd.report.differences import Differences
from tssd.report.method_labels import without_shared
from tssd.report.shown_names import printable

VERDICT = {True: "told apart", False: "not told apart"}


def print_differences(differences: Differences) -> None:
    """A row a method and a column a T, then the same in words; nothing for a method alone."""
    if not differences.tests:
        return
    comparison = differences.comparison
    names = [row.name for row in comparison.rows]
    short = dict(zip(names, without_shared(names)[1], strict=True))
    table = Table()
    table.add_column(Text(printable(f"minus {short[differences.against]}")), overflow="fold")
    for t in comparison.timesteps:
        table.add_column(f"T={t}", justify="right", no_wrap=True)
    for name in differences.methods:
        cells = []
        for t in comparison.timesteps:
            parts = differences.parts((name, t))
            if (told := differences.told_apart((name, t))) is not None:
                parts.append(VERDICT[told])
            cells.append(Text("\n".join(parts), style="bold" if told else ""))
        table.add_row(Text(printable(short[name])), *cells)
    console().print(table)
    print(printable(differences.caption()))
    for sentence in differences.sentences():
        print(printable(sentence))
