"""Shares of one run against T."""

import math
from collections.abc import Iterable

from tssd.report.accuracy_interval import accuracy_interval
from tssd.report.html.elements import Html
from tssd.report.html.figures import figure
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.rounding import percent
from tssd.report.html.sourced import Sourced, shown
from tssd.report.html.tables import table


def against_t(
    id: str,
    caption: str,
    y: str,
    lines: dict[str, Sourced],
    student: int,
    *,
    samples: float = 0,
    zero: bool = False,
) -> Html | None:
    """Curves over T, with the numbers behind them.

    Args:
        id: unique on the page.
        caption: above the picture.
        y: name of the vertical axis, with its unit.
        lines: shares at T = 1, 2, ... by name; empty ones are left out, and without any there is no
            picture.
        student: the T that is marked on the first line.
        samples: number of test samples behind the first line; 0 = no error bars.
        zero: whether the vertical axis begins at 0.
    """
    lines = {name: values for name, values in lines.items() if values}
    if not lines:
        return None
    series = [
        Series(
            name,
            [(t, 100 * value.number()) for t, value in enumerate(values, 1)],
            sampling(values, samples) if index == 0 and samples else (),
            ring=student if index == 0 else None,
        )
        for index, (name, values) in enumerate(lines.items())
    ]
    count = max(map(len, lines.values()))
    numbers = table(
        y,
        ["T", *lines],
        [
            [str(t), *[shown(values[t - 1], percent) for values in lines.values()]]
            for t in range(1, count + 1)
        ],
    )
    drawn = Chart(f"{id}-chart", caption, "timesteps T at inference", y, series, zero=zero).draw()
    small = "The ring marks T_s, which the network is meant for."
    if samples:
        small += f" Bars: 95 % interval for {samples:.0f} test samples, one seed."
    return figure(caption, drawn, numbers, small=small)


def sampling(values: Iterable[Sourced], samples: float) -> list[tuple[float, float] | None]:
    """The 95 % interval of each share of so many samples, in per cent; None = no share is known."""
    ends = [
        None if math.isnan(share) else accuracy_interval(share, int(samples))
        for share in (value.number() for value in values)
    ]
    return [found and (100 * found[0], 100 * found[1]) for found in ends]
