"""A grid of numbers as shaded cells: confusion matrix, firing rates."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tssd.report.html.elements import Html, element, note

# Cells with more columns than this are too small for text.
WRITTEN = 14
# Above this many cells, what a pointer would show makes the file too large.
SPOKEN = 1600
LONGEST = 14
# More cells make a file that no browser opens.
MOST = 250_000


@dataclass(frozen=True)
class Heatmap:
    """Numbers at rows and columns.

    Args:
        id: unique on the page.
        title: what is seen, for those who hear it.
        rows: their names.
        columns: their names.
        values: [row][column].
        shades: how dark a cell is, 0 to 1, [row][column].
        write: a number as text.
        corner: what rows and columns are.
    """

    id: str
    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]
    shades: Sequence[Sequence[float]]
    write: Callable[[float], str]
    corner: str = ""

    def draw(self) -> Html:
        """The picture; a remark where there are too many cells for one."""
        columns = len(self.columns)
        if len(self.rows) * columns > MOST:
            return note(f"{len(self.rows)} x {columns} cells are too many to draw.")
        longest = max((len(name) for name in self.rows), default=0)
        left = 14 + 8.2 * min(longest, LONGEST)
        cell = min((540 - left) / max(columns, 1), 74)
        height = min(cell, 34) if columns <= WRITTEN else cell
        upright = max((len(short(name)) for name in self.columns), default=0) * 8.2 > cell - 4
        top = 26 + (8.4 * max(len(short(n)) for n in self.columns) if upright else 22)
        parts = [element("text", {"class": "tick", "x": 0, "y": 14}, self.corner)]
        every = max(1, math.ceil(14 / height))
        for i, name in enumerate(self.rows):
            if i % every == 0:
                y = top + (i + 0.5) * height + 4.5
                parts.append(_label(left - 7, y, name, anchor="end"))
        for j, name in enumerate(self.columns):
            if j % every == 0:
                x = left + (j + 0.5) * cell
                parts.append(_label(x, top - 7, name, anchor="middle", upright=upright))
        for i in range(len(self.rows)):
            parts += [self._cell(i, j, left, top, cell, height) for j in range(columns)]
        width, tall = left + columns * cell, top + len(self.rows) * height
        frame = {"x": left, "y": top, "width": columns * cell, "height": len(self.rows) * height}
        # Letters grow with a picture: no larger than the text around it.
        size = {"style": f"max-width: {width + 2:.0f}px"}
        said = {"role": "img", "aria-labelledby": f"{self.id}-title {self.id}-desc"}
        return element(
            "svg",
            {"viewBox": f"0 0 {width + 2:.0f} {tall + 2:.0f}", **said, **size},
            element("title", {"id": f"{self.id}-title"}, self.title),
            element("desc", {"id": f"{self.id}-desc"}, f"{self.corner}; a table below has all."),
            *parts,
            element("rect", {**frame, "class": "frame"}),
        )

    def _cell(self, i: int, j: int, left: float, top: float, cell: float, high: float) -> Html:
        value, shade = self.values[i][j], self.shades[i][j]
        if not math.isfinite(value):
            shade = 0.0
        elif not value and len(self.columns) > WRITTEN:
            return Html("")
        x, y = left + j * cell, top + i * high
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{cell:.1f}", "height": f"{high:.1f}"}
        said = None
        if len(self.rows) * len(self.columns) <= SPOKEN:
            text = f"{self.rows[i]}, {self.columns[j]}: {self.write(value)}"
            said = element("title", None, text)
        shaded = {**place, "class": "cell", "fill-opacity": f"{min(max(shade, 0), 1):.2f}"}
        rect = element("rect", shaded, said)
        if len(self.columns) > WRITTEN:
            return rect
        middle = {"x": f"{x + cell / 2:.1f}", "y": f"{y + high / 2 + 4.5:.1f}"}
        kind = "tick" + " on" * (shade > 0.5) + " dense" * (cell < 48)
        text = {**middle, "class": kind, "text-anchor": "middle", "pointer-events": "none"}
        return Html(rect + element("text", text, self.write(value)))


def short(name: str) -> str:
    """A name with its end, where layers differ, cut to what fits.

    >>> short("a_very_long_name_1")
    '…y_long_name_1'
    """
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def _label(x: float, y: float, name: str, *, anchor: str, upright: bool = False) -> Html:
    place = {"class": "tick", "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    if upright:
        turned = f"rotate(-90 {x:.1f} {y:.1f})"
        place = {**place, "x": f"{x:.1f}", "y": f"{y + 4.5:.1f}", "text-anchor": "start"}
        place["transform"] = turned
    return element("text", place, element("title", None, name), short(name))
