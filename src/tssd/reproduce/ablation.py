"""An ablation for people: methods against timesteps, and which method to take at each T."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from tssd.report.shown_names import in_markdown
from tssd.report.significance import LEVEL, corrected, paired
from tssd.reproduce.lines import Line, spread, with_gains

Block = Sequence[Line]


def blocks(lines: Sequence[Line]) -> list[Block]:
    """The lines of each data set and column; those without a value are left out."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.values:
            found.setdefault((line.cell.data, line.cell.column), []).append(line)
    return list(found.values())


def ablation_markdown(
    lines: Sequence[Line], baseline: str | None, also_over: Sequence[str] = ()
) -> list[str]:
    """For each data set and column accuracies, gains over the baseline, and what is best.

    Args:
        lines: with their gains over the baseline.
        baseline: the row that those are over.
        also_over: more rows, whose gains stand in tables of their own.
    """
    found: list[str] = []
    for block in blocks(lines):
        cell = block[0].cell
        found += [f"## {in_markdown(cell.data)}: {in_markdown(cell.column)}", ""]
        found += ["Test accuracy, %, and what it costs to train:", ""]
        cost = {"steps a sample": _steps, "n": lambda line: str(len(line.values))}
        found += [*_pivot(block, cost, _accuracy), ""]
        found += _gains(block, baseline)
        for row in also_over:
            found += _gains(with_gains([_ungained(line) for line in block], row), row)
        if said := [f"- {in_markdown(sentence)}" for sentence in best_sentences(block)]:
            found += [*said, ""]
    return found[:-1]


def best_sentences(block: Block) -> Iterator[str]:
    """At each T the method with the highest mean, and the cheapest that is not told apart from it.

    Tested in pairs by seed against the best, corrected for the number of the others (Holm). A best
    chosen by its mean was lucky too, so that this is where to look and no proof. Of one method
    alone nothing is said.
    """
    for t in _timesteps(block):
        lines = [line for line in block if line.cell.at == t]
        if len(lines) == 1:
            continue
        best = max(lines, key=lambda line: line.mean or 0.0)
        others = [line for line in lines if line is not best]
        ps = corrected({n: paired(own.by_seed, best.by_seed) for n, own in enumerate(others)})
        text = f"T = {t}: {best.cell.row} has the highest mean, {spread(best.mean, best.std)} "
        text += f"({_cost(best)})"
        if not ps:
            yield f"{text}; too few seeds tell the others apart from it."
            continue
        near = [others[n] for n, p in ps.items() if p >= LEVEL]
        cheap = [line for line in near if line.steps and best.steps and line.steps < best.steps]
        if cheap:
            least = min(cheap, key=lambda line: (line.steps or 0, -(line.mean or 0.0)))
            text += f"; the cheapest not told apart from it is {least.cell.row}, "
            text += f"{spread(least.mean, least.std)} ({_cost(least)})"
        told = len(ps) - len(near)
        yield f"{text}; told apart from {told} of {len(ps)} others."


def _gains(block: Block, baseline: str | None) -> Iterator[str]:
    if gaining := [line for line in block if line.pairs]:
        yield from (f"Gain over {in_markdown(baseline or '')}, points (p; corrected):", "")
        yield from _pivot(gaining, {"pairs": lambda line: str(line.pairs)}, _gain)
        yield ""


def _ungained(line: Line) -> Line:
    return replace(line, gain=None, gain_std=None, pairs=0, p=None, corrected_p=None)


def _pivot(
    block: Block, heads: Mapping[str, Callable[[Line], str]], shown: Callable[[Line], str]
) -> Iterator[str]:
    timesteps = _timesteps(block)
    yield f"| method | {' | '.join(heads)} | " + " | ".join(f"T = {t}" for t in timesteps) + " |"
    yield "| --- |" + " ---: |" * (len(timesteps) + len(heads))
    for row in dict.fromkeys(line.cell.row for line in block):
        own = {line.cell.at: line for line in block if line.cell.row == row}
        first = next(iter(own.values()))
        cells = [shown(own[t]) if t in own else "" for t in timesteps]
        named = [in_markdown(row), *(head(first) for head in heads.values()), *cells]
        yield "| " + " | ".join(named) + " |"


def _timesteps(block: Block) -> list[int]:
    return sorted({line.cell.at for line in block})


def _accuracy(line: Line) -> str:
    return spread(line.mean, line.std)


def _gain(line: Line) -> str:
    text = spread(line.gain, line.gain_std, "+")
    if line.p is None or line.corrected_p is None:
        return text
    text += f" ({line.p:.2g}; {line.corrected_p:.2g})"
    return f"**{text}**" if line.corrected_p < LEVEL else text


def _steps(line: Line) -> str:
    return "-" if line.steps is None else str(line.steps)


def _cost(line: Line) -> str:
    if line.steps is None:
        return "cost not recorded"
    return f"{line.steps} network step{'s' * (line.steps > 1)} a sample"
