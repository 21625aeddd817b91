"""Values over something, with their spread over the seeds: what is behind every curve."""

import csv
import io
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tssd.report.shown_names import in_csv, in_markdown


@dataclass(frozen=True)
class Series:
    """One curve.

    Args:
        group: the plot it belongs to; a data set.
        name: of the curve.
        x_name: what x is, with its unit.
        y_name: what y is, with its unit.
        x: where.
        runs: values there, [len(x)][seeds].
        labels: what each x stands for, such as a threshold; empty = x itself.
    """

    group: str
    name: str
    x_name: str
    y_name: str
    x: tuple[float, ...]
    runs: tuple[tuple[float, ...], ...]
    labels: tuple[str, ...] = ()

    @property
    def mean(self) -> list[float]:
        """Mean over the seeds at each x."""
        return [statistics.mean(values) for values in self.runs]

    @property
    def std(self) -> list[float]:
        """Sample standard deviation over the seeds at each x; 0 for a single seed."""
        return [statistics.stdev(v) if len(v) > 1 else 0.0 for v in self.runs]


def series_csv(series: Sequence[Series]) -> str:
    """A line per point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    y_name = series[0].y_name if series else "y"
    x_name = series[0].x_name if series else "x"
    writer.writerow(["data", "curve", x_name, "at", "n", f"{y_name}: mean", "std"])
    for one in series:
        labels = one.labels or ("",) * len(one.x)
        for x, label, values, mean, std in zip(
            one.x, labels, one.runs, one.mean, one.std, strict=True
        ):
            spread = f"{std:.5f}" if len(values) > 1 else ""
            writer.writerow(
                [
                    *map(in_csv, (one.group, one.name)),
                    *(f"{x:g}", in_csv(label), len(values), f"{mean:.5f}", spread),
                ]
            )
    return text.getvalue()


def series_markdown(series: Sequence[Series]) -> str:
    """A table per group, curves as columns where they share their x, else one below the other."""
    blocks: list[str] = []
    for group in dict.fromkeys(one.group for one in series):
        own = [one for one in series if one.group == group]
        # Where every x stands for itself, a curve may end before another does.
        shared = not any(one.labels for one in own) or all(
            (one.x, one.labels) == (own[0].x, own[0].labels) for one in own
        )
        for columns in [own] if shared else [[one] for one in own]:
            blocks.append(_block(group, columns))
    return "\n".join(blocks)


def _block(group: str, columns: Sequence[Series]) -> str:
    first = columns[0]
    heads = ["at", first.x_name] if first.labels else [first.x_name]
    heads = [in_markdown(head) for head in [*heads, *(one.name for one in columns)]]
    top = in_markdown(f"{group}, {first.y_name}:")
    lines = [top, "", "| " + " | ".join(heads) + " |"]
    lines.append("|" + " ---: |" * len(heads))
    for label, x, places in _rows(columns):
        cells = [label, f"{x:.4g}"] if first.labels else [f"{x:.4g}"]
        for one, n in zip(columns, places, strict=True):
            if n is None:
                cells.append("-")
                continue
            spread = f" ± {one.std[n]:.3g}" if len(one.runs[n]) > 1 else ""
            cells.append(f"{one.mean[n]:.4g}{spread}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _rows(columns: Sequence[Series]) -> Iterator[tuple[str, float, list[int | None]]]:
    """Label, x, and which point of every curve lies there, if any."""
    first = columns[0]
    if first.labels:  # several points may have one x; the curves have the same ones
        for n, (label, x) in enumerate(zip(first.labels, first.x, strict=True)):
            yield label, x, [n] * len(columns)
        return
    where = [{x: n for n, x in enumerate(one.x)} for one in columns]
    for x in sorted(set().union(*where)):
        yield "", x, [own.get(x) for own in where]
