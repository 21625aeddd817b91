"""The picture of an ablation: accuracy of every method at each T."""

from collections.abc import Sequence
from pathlib import Path

from tssd.reproduce.ablation import blocks
from tssd.reproduce.lines import Line
from tssd.reproduce.picture import draw_marks, dress, name_rows, new_figure, put_title, save

# How far the marks of one method stand apart, in rows.
APART = 0.22


def plot_ablation(lines: Sequence[Line], path: Path, *, title: str) -> None:
    """A plot for each data set and column, a row a method, a colour and marker a T.

    Args:
        lines: of the table.
        path: of the pictures, without suffix.
        title: above.
    """
    found = blocks(lines)
    # A T has the same colour everywhere.
    every = sorted({line.cell.at for block in found for line in block})
    rows = max((len({line.cell.row for line in block}) for block in found), default=1)
    figure = new_figure(4.2 * max(1, len(found)) + 1.6, 0.36 * rows + 1.8)
    grid = figure.subplots(1, max(1, len(found)), squeeze=False)[0]
    for axes, block in zip(grid, found, strict=False):
        names = list(dict.fromkeys(line.cell.row for line in block))
        timesteps = sorted({line.cell.at for line in block})
        for place, t in enumerate(timesteps):
            own = [line for line in block if line.cell.at == t and line.mean is not None]
            places = [
                names.index(line.cell.row) + APART * (place - (len(timesteps) - 1) / 2)
                for line in own
            ]
            draw_marks(axes, own, places, index=every.index(t), label=f"T = {t}", size=5)
        name_rows(axes, names)
        dress(axes, f"{block[0].cell.data}: {block[0].cell.column}")
    shown = {
        label: handle
        for axes in figure.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if shown:
        labels = [f"T = {t}" for t in every]
        handles = [shown[label] for label in labels]
        figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    put_title(figure, title)
    save(figure, path)
