"""Lines with markers as SVG, and their legend."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tssd.report.html.axes import Axis, stretch
from tssd.report.html.elements import Html, element, together
from tssd.report.plot import COLOURS

WIDTH, HEIGHT = 460, 290
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 34, 46
# Numbers along an axis that are nearer than this run into each other.
NEAR = 36
# As in `tssd.report.plot`: o s D ^ v P X, around (0, 0). Colour is never the only cue.
MARKERS = (
    "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0Z",
    "M-4.5,-4.5H4.5V4.5H-4.5Z",
    "M0,-6L6,0L0,6L-6,0Z",
    "M0,-6L5.5,4.5H-5.5Z",
    "M0,6L5.5,-4.5H-5.5Z",
    "M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
    "M-5,-3L-3,-5L0,-2L3,-5L5,-3L2,0L5,3L3,5L0,2L-3,5L-5,3L-2,0Z",
)
DASHES = (None, "7 4", "2 4")
# More than this many markers on a line would hide it.
MARKED = 12

# Half the height of an error bar, or where it begins and ends; None = there is none.
Spread = float | tuple[float, float] | None


@dataclass(frozen=True)
class Series:
    """One line.

    Args:
        name: in the legend.
        points: (x, y); where y is not finite the line is broken and marked.
        spread: the error bar at each point; empty = none.
        ring: the x that is emphasised.
    """

    name: str
    points: Sequence[tuple[float, float]]
    spread: Sequence[Spread] = ()
    ring: float | None = None


@dataclass(frozen=True)
class Chart:
    """Lines over a common x.

    Args:
        id: unique on the page.
        title: what is seen, for those who hear it.
        x: name of the horizontal axis, with its unit.
        y: name of the vertical axis, with its unit.
        series: the lines.
        log: whether equal ratios of y take equal room; without effect where a value is not > 0.
        zero: whether y begins at 0.
    """

    id: str
    title: str
    x: str
    y: str
    series: Sequence[Series]
    log: bool = False
    zero: bool = False

    @property
    def logarithmic(self) -> bool:
        """Whether y is shown by ratios."""
        finite = [y for line in self.series for _, y in line.points if math.isfinite(y)]
        return self.log and bool(finite) and min(finite) > 0

    def draw(self) -> Html:
        """The picture and the legend."""
        xs = sorted({x for line in self.series for x, _ in line.points})
        ends = [
            end
            for line in self.series
            for (_, y), spread in zip(line.points, _spreads(line), strict=True)
            for end in (y, *_ends(y, spread))
        ]
        pad = 0.04 * (xs[-1] - xs[0]) if len(xs) > 1 else 0.5
        across = (xs[0] - pad, xs[-1] + pad) if xs else (0.0, 1.0)
        horizontal = Axis(*across, LEFT, WIDTH - RIGHT)
        log = self.logarithmic
        low, high = stretch(ends, log=log)
        vertical = Axis(0.0 if self.zero else low, high, HEIGHT - BOTTOM, TOP, log)
        lines = [_line(i, line, horizontal, vertical, self) for i, line in enumerate(self.series)]
        picture = element(
            "svg",
            {
                "viewBox": f"0 0 {WIDTH} {HEIGHT}",
                "role": "img",
                "aria-labelledby": f"{self.id}-title {self.id}-desc",
            },
            element("title", {"id": f"{self.id}-title"}, self.title),
            element("desc", {"id": f"{self.id}-desc"}, self._description()),
            _frame(self, horizontal, vertical, xs),
            *lines,
        )
        return together([picture, self._legend()])

    def _legend(self) -> Html | None:
        if len(self.series) < 2 and not any(line.ring for line in self.series):
            return None
        items = [
            element("li", None, _sample(index), line.name) for index, line in enumerate(self.series)
        ]
        return element("ul", {"class": "legend"}, *items)

    def _description(self) -> str:
        names = ", ".join(line.name for line in self.series)
        return f"{self.y} against {self.x}: {names}. The table below holds the numbers."


def _frame(chart: Chart, horizontal: Axis, vertical: Axis, xs: Sequence[float]) -> Html:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts: list[Html] = []
    for value in vertical.ticks():
        y = f"{vertical.place(value):.1f}"
        parts.append(_stroke("grid", LEFT, y, right, y))
        parts.append(_text(LEFT - 7, f"{float(y) + 4.5:.1f}", f"{value:g}", anchor="end"))
    # Timesteps and the like: each has a tick. Otherwise whole numbers, for epochs are whole.
    own = len(xs) <= 10
    free = -math.inf
    for value in xs if own else [v for v in horizontal.ticks() if v == int(v)]:
        if horizontal.place(value) < free:
            continue
        x, free = f"{horizontal.place(value):.1f}", horizontal.place(value) + NEAR
        parts.append(_stroke("axis", x, bottom, x, bottom + 5))
        parts.append(_text(x, bottom + 20, f"{value:g}", anchor="middle"))
    parts.append(_stroke("axis", LEFT, bottom, right, bottom))
    middle = (LEFT + right) / 2
    label = chart.y + (" (logarithmic)" if vertical.log else "")
    parts.append(element("text", {"x": 4, "y": 17}, label))
    parts.append(element("text", {"x": middle, "y": HEIGHT - 6, "text-anchor": "middle"}, chart.x))
    return together(parts)


def _line(index: int, line: Series, horizontal: Axis, vertical: Axis, chart: Chart) -> Html:
    colour = look(index)
    # Side by side, so that the error bars of equal means can be told apart.
    shift = 3.0 * (index - (len(chart.series) - 1) / 2) if any(_spreads(line)) else 0.0
    every = max(1, math.ceil(len(line.points) / MARKED))
    parts: list[Html] = []
    path: list[str] = []
    down = False
    for number, ((x, y), spread) in enumerate(zip(line.points, _spreads(line), strict=True)):
        px = horizontal.place(x) + shift
        if not math.isfinite(y):
            down = False
            parts.append(_not_a_number(px, HEIGHT - BOTTOM - 8, f"{line.name}, {x:g}: {y}"))
            continue
        py = vertical.place(y)
        path.append(f"{'L' if down else 'M'}{px:.1f},{py:.1f}")
        down = True
        low, high = _ends(y, spread)
        if low < high and math.isfinite(high - low):
            top, bottom = (f"{vertical.place(end):.1f}" for end in (high, low))
            bar = {"x1": f"{px:.1f}", "x2": f"{px:.1f}", "y1": top, "y2": bottom}
            parts.append(element("line", {**bar, "stroke": colour, "stroke-width": 1.6}))
        if number % every == 0 or number == len(line.points) - 1:
            plus = _in_words(spread)
            said = element("title", None, f"{line.name}, {chart.x} {x:g}: {y:.4g}{plus}")
            at = f"translate({px:.1f} {py:.1f})"
            parts.append(element("g", {"transform": at}, _marker(index, said)))
        if x == line.ring:
            ring = {"cx": f"{px:.1f}", "cy": f"{py:.1f}", "r": 10, "class": "ring"}
            parts.append(element("circle", {**ring, "stroke": colour}))
    stroke = {"d": "".join(path), "fill": "none", "stroke": colour, "stroke-width": 2}
    return together([element("path", {**stroke, "stroke-dasharray": dash(index)}), *parts])


def look(index: int) -> str:
    """Colour of a line; black is white in the dark."""
    colour = COLOURS[index % len(COLOURS)]
    return "var(--black)" if colour == "#000000" else colour


def dash(index: int) -> str | None:
    """Dashes of a line, for the second and third time that a colour is used."""
    return DASHES[index // len(COLOURS) % len(DASHES)]


def _marker(index: int, *inside: Html) -> Html:
    shape = {"d": MARKERS[index % len(MARKERS)], "fill": look(index)}
    return element("path", shape, *inside)


def _sample(index: int) -> Html:
    line = {"x1": 1, "x2": 33, "y1": 8, "y2": 8, "stroke": look(index), "stroke-width": 2}
    marker = element("g", {"transform": "translate(17 8)"}, _marker(index))
    look_alike = element("line", {**line, "stroke-dasharray": dash(index)})
    return element("svg", {"viewBox": "0 0 34 16", "aria-hidden": "true"}, look_alike, marker)


def _not_a_number(x: float, y: float, said: str) -> Html:
    cross = f"M{x - 5:.1f},{y - 5:.1f}l10,10m0,-10l-10,10"
    return element("path", {"class": "bad", "d": cross}, element("title", None, said))


def _spreads(line: Series) -> Sequence[Spread]:
    return line.spread or [None] * len(line.points)


def _ends(y: float, spread: Spread) -> tuple[float, float]:
    """Where the error bar begins and ends; both at y where there is none."""
    half = spread or 0.0
    return half if isinstance(half, tuple) else (y - half, y + half)


def _in_words(spread: Spread) -> str:
    if isinstance(spread, tuple):
        return f" ({spread[0]:.4g} to {spread[1]:.4g})"
    return f" ± {spread:.4g}" if spread else ""


def _stroke(kind: str, x1: object, y1: object, x2: object, y2: object) -> Html:
    return element("line", {"class": kind, "x1": x1, "y1": y1, "x2": x2, "y2": y2})


def _text(x: object, y: object, text: str, *, anchor: str) -> Html:
    return element("text", {"class": "tick", "x": x, "y": y, "text-anchor": anchor}, text)
