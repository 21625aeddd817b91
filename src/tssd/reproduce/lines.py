"""One line of a table: a cell with our values, and what it gains over a baseline."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tssd.report.significance import Paired, corrected, paired
from tssd.reproduce.plan import Cell


@dataclass(frozen=True)
class Line:
    """One cell with our values.

    Args:
        cell: the paper's side.
        words: what was trained, as after `tssd train`.
        values: test accuracy in per cent at the cell's T, one a seed.
        seeds: of the values.
        steps: timesteps of the whole network a training sample, the cost of its training, as often
            as it sees each more than other rows do; None = not recorded.
        gain: mean of the differences from the baseline, seed by seed, in points; None without a
            baseline, or without a seed that both have.
        gain_std: sample standard deviation of the differences; None for fewer than two.
        pairs: seeds that both have; 0 without a baseline.
        p: of a paired t test on them; None where nothing can be tested.
        corrected_p: the same for all that is tested against this baseline (Holm).
        paper_gain: the gain of the paper.
    """

    cell: Cell
    words: str
    values: tuple[float, ...]
    seeds: tuple[int, ...] = ()
    steps: int | None = None
    gain: float | None = None
    gain_std: float | None = None
    pairs: int = 0
    p: float | None = None
    corrected_p: float | None = None
    paper_gain: float | None = None

    @property
    def mean(self) -> float | None:
        """Mean over the seeds; None without any."""
        return statistics.mean(self.values) if self.values else None

    @property
    def std(self) -> float | None:
        """Sample standard deviation over the seeds; None for fewer than two."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def difference(self) -> float | None:
        """Our mean minus the paper's, in points; None where either is missing."""
        return minus(self.mean, self.cell.paper)

    @property
    def by_seed(self) -> dict[int, float]:
        """The value of each seed."""
        return dict(zip(self.seeds, self.values, strict=True))


def with_gains(lines: Sequence[Line], baseline: str | None) -> list[Line]:
    """Every line with what it gains over the baseline of its data set, column and T.

    Args:
        lines: of the whole table.
        baseline: the row that gains are over; None = no gains.
    """
    over = [_baseline(line, lines, baseline) for line in lines]
    tests = [
        paired(line.by_seed, base.by_seed) if base is not None else None
        for line, base in zip(lines, over, strict=True)
    ]
    ps: dict[int, float] = {}
    for base in {id(base): base for base in over if base is not None}.values():
        # What is tested against one baseline is tested together.
        own = {n: t for n, t in enumerate(tests) if over[n] is base and t is not None}
        ps |= corrected(own)
    return [
        line if base is None or test is None else _gaining(line, base, test, ps.get(n))
        for n, (line, base, test) in enumerate(zip(lines, over, tests, strict=True))
    ]


def minus(a: float | None, b: float | None) -> float | None:
    """The difference; None where either is missing."""
    return None if a is None or b is None else a - b


def spread(mean: float | None, std: float | None, sign: str = "") -> str:
    """`mean ± std` with two decimals, or a dash; sign "+" for a difference."""
    return "-" if mean is None else f"{mean:{sign}z.2f}" + ("" if std is None else f" ± {std:.2f}")


def signed(value: float | None) -> str:
    """A difference with its sign, or a dash."""
    return spread(value, None, "+")


def _gaining(line: Line, base: Line, test: Paired, corrected_p: float | None) -> Line:
    return replace(
        line,
        gain=test.difference if test.seeds else None,
        gain_std=test.std,
        pairs=len(test.seeds),
        p=test.p,
        corrected_p=corrected_p,
        paper_gain=minus(line.cell.paper, base.cell.paper),
    )


def _baseline(line: Line, lines: Sequence[Line], baseline: str | None) -> Line | None:
    own = line.cell
    if own.row == baseline:
        return None
    same = (baseline, own.data, own.at)
    rows = [o for o in lines if (o.cell.row, o.cell.data, o.cell.at) == same]
    beside = [other for other in rows if other.cell.column == own.column]
    # A sweep has one baseline, a line across, for all its points.
    across = rows if own.x is not None and len(rows) == 1 else []
    return next(iter(beside or across), None)
