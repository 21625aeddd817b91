"""The picture of a composition: a row a part or network, a mark a method, a plot a T."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tssd.report.shown_names import in_plot
from tssd.reproduce.lines import Line
from tssd.reproduce.picture import (
    by_data,
    draw_marks,
    dress,
    name_rows,
    new_figure,
    put_title,
    save,
)

# How far the marks of one row stand apart, in rows.
APART = 0.22
# What a plot's title and its axis take, in rows.
ROOM = 4


def plot_composition(lines: Sequence[Line], path: Path, *, title: str) -> None:
    """Draw a plot of every T, those of a data set side by side and data sets below each other.

    Args:
        lines: of the table.
        path: of the pictures, without suffix.
        title: above.
    """
    known = [line for line in lines if line.mean is not None]
    methods = list(dict.fromkeys(line.cell.row for line in known))
    groups = by_data(known)
    at = {data: list(dict.fromkeys(line.cell.at for line in own)) for data, own in groups.items()}
    columns = {data: _columns(own) for data, own in groups.items()}
    heights = [len(names) + ROOM for names in columns.values()] or [1 + ROOM]
    widest = max(map(len, at.values()), default=1)
    figure = new_figure(3.6 * widest + 1.6, 0.3 * sum(heights) + 0.6)
    grid = figure.subplots(len(heights), widest, squeeze=False, height_ratios=heights)
    for row, (data, own) in zip(grid, groups.items(), strict=False):
        for axes, t in zip(row, at[data], strict=False):
            _draw(axes, [line for line in own if line.cell.at == t], methods, columns[data])
            dress(axes, f"{data}, T = {t}")
        for axes in row[len(at[data]) :]:
            axes.set_axis_off()
    if known:
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    put_title(figure, title)
    save(figure, path)


def _draw(axes: Any, lines: Sequence[Line], methods: list[str], columns: list[str]) -> None:
    for index, method in enumerate(methods):
        marks = [line for line in lines if line.cell.row == method]
        shift = APART * (index - (len(methods) - 1) / 2)
        places = [columns.index(line.cell.column) + shift for line in marks]
        draw_marks(axes, marks, places, index=index, label=in_plot(method), size=4)
    name_rows(axes, columns)


def _columns(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(line.cell.column for line in lines))
