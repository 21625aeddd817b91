"""The picture of a composition: a row a part or network, a mark a method, a plot a T."""

from collections.abc import Sequence
from pathlib import Path

from tssd.report.plot import COLOURS, MARKERS
from tssd.report.shown_names import in_plot
from tssd.reproduce.lines import Line
from tssd.reproduce.picture import dress, name_rows, new_figure, put_title, save

# How far the marks of one row stand apart, in rows.
APART = 0.22


def plot_composition(lines: Sequence[Line], path: Path, *, title: str) -> None:
    """Draw every data set and T.

    Args:
        lines: of the table.
        path: of the pictures, without suffix.
        title: above.
    """
    known = [line for line in lines if line.mean is not None]
    places = list(dict.fromkeys((line.cell.data, line.cell.at) for line in known))
    methods = list(dict.fromkeys(line.cell.row for line in known))
    longest = max((len(_columns(known, data)) for data, _ in places), default=1)
    figure = new_figure(3.6 * max(1, len(places)) + 1.6, 0.3 * longest + 1.8)
    grid = figure.subplots(1, max(1, len(places)), squeeze=False)[0]
    for axes, (data, t) in zip(grid, places, strict=False):
        columns = _columns(known, data)
        own = [line for line in known if (line.cell.data, line.cell.at) == (data, t)]
        for index, method in enumerate(methods):
            marks = [line for line in own if line.cell.row == method]
            axes.errorbar(
                [line.mean for line in marks],
                [
                    columns.index(line.cell.column) + APART * (index - (len(methods) - 1) / 2)
                    for line in marks
                ],
                xerr=[line.std or 0 for line in marks],
                color=COLOURS[index % len(COLOURS)],
                marker=MARKERS[index % len(MARKERS)],
                markersize=4,
                capsize=2,
                linestyle="none",
                label=in_plot(method),
            )
        name_rows(axes, columns)
        dress(axes, f"{data}, T = {t}")
    if places:
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    put_title(figure, title)
    save(figure, path)


def _columns(lines: Sequence[Line], data: str) -> list[str]:
    return list(dict.fromkeys(line.cell.column for line in lines if line.cell.data == data))
