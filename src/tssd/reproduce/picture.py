"""The plots of reproductions: ours beside the paper's."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tssd.atomic import write_atomically
from tssd.report.plot import COLOURS, MARKERS
from tssd.report.shown_names import in_plot
from tssd.reproduce.lines import Line
from tssd.reproduce.table import Table

# Of methods, the last one first; more lines than this do not fit into one plot with their bands.
DASHES = ("-", "--", ":", "-.")
CROWD = 4
PAPER: dict[str, Any] = {"color": "black", "marker": "D", "fillstyle": "none", "linestyle": "none"}


def new_figure(width: float, height: float) -> Any:
    """A Matplotlib figure without pyplot, which would keep it and choose a screen."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def put_title(figure: Any, text: str) -> None:
    """Above the plots, in as many lines as the figure's width asks for."""
    # A letter of this size is about a twelfth of an inch wide.
    lines = textwrap.wrap(in_plot(text), int(12 * figure.get_figwidth()))
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10)


def save(figure: Any, path: Path) -> None:
    """Write PATH.png and PATH.svg, without dates or random names in them."""
    from matplotlib import rc_context

    for suffix in ("png", "svg"):

        def write(file: Path, suffix: str = suffix) -> None:
            metadata = {"Date": None} if suffix == "svg" else None
            with rc_context({"svg.hashsalt": "tssd"}):
                figure.savefig(file, dpi=150, format=suffix, metadata=metadata)

        write_atomically(path.with_name(f"{path.name}.{suffix}"), write)


def name_rows(axes: Any, names: Sequence[str]) -> None:
    """A name for each row, the first at the top, of a plot of test accuracies."""
    axes.set_yticks(range(len(names)), [in_plot(name) for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("test accuracy, %")


def draw_marks(
    axes: Any, lines: Sequence[Line], places: Sequence[float], *, index: int, label: str, size: int
) -> None:
    """Our means and spreads at some heights, in the colour and with the mark of a number."""
    axes.errorbar(
        [line.mean for line in lines],
        places,
        xerr=[line.std or 0 for line in lines],
        color=COLOURS[index % len(COLOURS)],
        marker=MARKERS[index % len(MARKERS)],
        markersize=size,
        capsize=2,
        linestyle="none",
        label=label,
    )


def dress(axes: Any, title: str) -> None:
    """The look that all plots have, and a plot's own title."""
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(in_plot(title), loc="left", fontsize=9)


def plot_table(table: Table, path: Path) -> None:
    """A row per cell: our mean and spread, the paper's as a hollow diamond; a plot per data set.

    Rows of a column of the table stand together and share a colour.
    """
    groups = by_data(table.lines)
    rows = max(len(lines) for lines in groups.values())
    figure = new_figure(4.4 * len(groups) + 1, 0.28 * rows + 1.6)
    for axes, (data, lines) in zip(_row(figure, len(groups)), groups.items(), strict=True):
        columns = list(dict.fromkeys(line.cell.column for line in lines))
        lines = sorted(lines, key=lambda line: columns.index(line.cell.column))
        names = _told_apart([(f"{line.cell.row}, {line.cell.column}", line) for line in lines])
        for y, line in enumerate(lines):
            colour = COLOURS[columns.index(line.cell.column) % len(COLOURS)]
            _point(axes, line, y=y, colour=colour, paper=with_paper(table))
        name_rows(axes, names)
        dress(axes, data)
        if with_paper(table):
            axes.plot([], [], label="paper", **PAPER)
            axes.legend(fontsize=8)
    put_title(figure, heading(table))
    save(figure, path)


def plot_sweep(table: Table, path: Path) -> None:
    """Accuracy against what is varied, a line per row; rows without a place are lines across."""
    groups = by_data(table.lines)
    figure = new_figure(4.6 * len(groups) + 1, 3.8)
    for axes, (data, lines) in zip(_row(figure, len(groups)), groups.items(), strict=True):
        every = sorted({line.cell.at for line in lines})
        rows: dict[str, list[Line]] = {}
        for line in lines:
            # At several T a row is a curve for each, and the axis is of none of them.
            said = f", T = {line.cell.at}" if len(every) > 1 else ""
            rows.setdefault(f"{line.cell.row}{said}", []).append(line)
        for index, (row, of_row) in enumerate(rows.items()):
            colour = COLOURS[index % len(COLOURS)]
            own = [line for line in of_row if line.mean is not None]
            placed = [line for line in own if line.cell.x is not None]
            style = {"color": colour, "label": in_plot(f"{row}, ours")}
            theirs = in_plot(f"{row}, paper")
            if placed:
                axes.errorbar(
                    [line.cell.x for line in placed],
                    [line.mean for line in placed],
                    [line.std or 0 for line in placed],
                    marker=MARKERS[index % len(MARKERS)],
                    markersize=5,
                    capsize=3,
                    **style,
                )
            for line in own:
                if line.cell.x is None:
                    axes.axhline(line.mean, linestyle="--", **style)
                    if line.mean is not None and line.std:
                        low, high = line.mean - line.std, line.mean + line.std
                        axes.axhspan(low, high, alpha=0.12, color=colour, linewidth=0)
            known = [line.cell for line in of_row if line.cell.paper]
            known = known if with_paper(table) else []
            xs = [(cell.x, cell.paper) for cell in known if cell.x is not None]
            if xs:
                axes.plot(*zip(*xs, strict=True), **PAPER | {"color": colour}, label=theirs)
            for cell in known:
                if cell.x is None:
                    axes.axhline(cell.paper, color=colour, linestyle=":", label=theirs)
        axes.set_xticks(sorted({line.cell.x for line in lines if line.cell.x is not None}))
        axes.set_xlabel(in_plot(table.plan.text.get("x_label") or ""))
        read = f" at T = {every[0]}" if len(every) == 1 else ""
        axes.set_ylabel(f"test accuracy{read}, %")
        dress(axes, data)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8)
    put_title(figure, heading(table))
    save(figure, path)


def plot_lines(
    path: Path,
    lines: Sequence[tuple[str, str, Sequence[float], Sequence[float], Sequence[float]]],
    *,
    x_label: str,
    y_label: str,
    title: str,
    log: bool = False,
) -> None:
    """Lines with bands, a plot per group; many lines have error bars and their legend outside.

    What stands in front of a name's comma is a method: each has its own dashes, the last none.

    Args:
        path: of the pictures, without suffix.
        lines: (group, name, x, y, spread of y).
        x_label: below.
        y_label: beside.
        title: above.
        log: whether both axes are logarithmic.
    """
    groups = list(dict.fromkeys(line[0] for line in lines))
    names = list(dict.fromkeys(line[1] for line in lines))
    methods = list(dict.fromkeys(name.partition(",")[0] for name in names))
    many = len(names) > CROWD
    figure = new_figure(4.6 * len(groups) + (3 if many else 1), 3.8)
    for axes, group in zip(_row(figure, len(groups)), groups, strict=True):
        own = [line for line in lines if line[0] == group]
        # With a legend of its own a plot begins with the first colour, as its neighbours do.
        order = names if many else [line[1] for line in own]
        for _, name, x, y, spread in own:
            index = order.index(name)
            colour = COLOURS[index % len(COLOURS)]
            behind = len(methods) - 1 - methods.index(name.partition(",")[0])
            style = {"color": colour, "label": in_plot(name)}
            style["linestyle"] = DASHES[behind % len(DASHES)]
            if many:
                mark = {"marker": MARKERS[index % len(MARKERS)], "markersize": 5, "capsize": 2}
                axes.errorbar(x, y, spread, **style, **mark)
                continue
            axes.plot(x, y, marker="." if len(x) < 30 else None, **style)
            low = [a - b for a, b in zip(y, spread, strict=True)]
            high = [a + b for a, b in zip(y, spread, strict=True)]
            axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        if log:
            axes.set_xscale("log")
            axes.set_yscale("log")
        elif all(float(x).is_integer() for line in lines for x in line[2]):
            axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        dress(axes, group)
        if not many:
            axes.legend(frameon=False, fontsize=8)
    if many:
        shown = {
            name: handle
            for axes in figure.axes
            for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        labels = [in_plot(name) for name in names]
        handles = [shown[label] for label in labels]
        figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    put_title(figure, title)
    save(figure, path)


def with_paper(table: Table) -> bool:
    """Whether the paper's numbers are drawn: at the small scale they would squeeze ours flat."""
    return table.scale == "paper"


def heading(table: Table) -> str:
    """Title and scale, and where the paper's numbers are if they are not drawn."""
    is_left_out = table.has_paper and not with_paper(table)
    left_out = "; the paper's numbers are in the table" if is_left_out else ""
    return f"{table.plan.title} ({table.scale} scale{left_out})"


def by_data(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines of each data set."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.cell.data, []).append(line)
    return groups


def _told_apart(named: Sequence[tuple[str, Line]]) -> list[str]:
    """Names of lines; with the T that each is read at where several have one name."""
    names = [name for name, _ in named]
    return [
        f"{name}, T = {line.cell.at}" if names.count(name) > 1 else name for name, line in named
    ]


def _row(figure: Any, count: int) -> list[Any]:
    return list(figure.subplots(1, count, squeeze=False)[0])


def _point(axes: Any, line: Line, *, y: int, colour: str, paper: bool) -> None:
    if line.mean is not None:
        axes.errorbar(line.mean, y, xerr=line.std or 0, color=colour, marker="o", capsize=3)
    if line.cell.paper is not None and paper:
        axes.errorbar(line.cell.paper, y, xerr=line.cell.std, capsize=2, **PAPER)
