"""Tables that were written by hand beside results say what the results say, digit by digit."""

import csv
import re
from collections.abc import Iterator, Sequence

import pytest

from tssd.report.significance import corrected, paired
from tssd.reproduce.plan_file import load_plan
from tssd.reproduce.record import read_records

from .pages import ROOT

RESULTS = ROOT / "results"
NUMBER = r"[-+]?\d+\.\d+"

# Page, beginning of its section, plan, scale, columns, data set, runs.
SECTIONS = [
    ("controls", "Small scale", "controls", "small", "VGG-9, T_s = 1", "CIFAR10", "small/controls"),
    ("controls", "Long training", "long", "small", "1,000 images", "CIFAR10", "long/long"),
    ("controls", "Simulated", "controls", "small", "", "CIFAR10-DVS", "events/controls"),
    ("controls", "Middle scale", "controls", "mid", "", "CIFAR10", "mid/controls"),
    ("leaderboard", "# Every", "leaderboard", "small", "", "CIFAR10", "leaderboard"),
    ("leaderboard", "Middle scale", "leaderboard", "mid", "", "CIFAR10", "mid/leaderboard"),
    ("leaderboard", "Simulated", "leaderboard", "small", "", "CIFAR10-DVS", "events/leaderboard"),
]
# What a page calls a row that is not called so by its plan.
ROWS = {
    "control with an exit": "control, exit",
    "the same, labels smoothed": "control, exit, labels smoothed",
    "SSD, trained at 1": "SSD",
    "SSD, trained at 2": "SSD",
    "SSD, trained at 5": "SSD",
    "TSSD, further extension": "extension",
    "TSSD, softened classes (KL), detached": "softened classes, detached",
    "the paper's reading, teachers learn too": "paper's reading, attached",
    "the paper's reading, teachers detached": "paper's reading, detached",
    "TET and TSSD: the method `best`": "TET and TSSD",
    "TET: labels at every timestep": "TET",
    "KDSNN, with a teacher, trained at 1": "KDSNN at 1",
}
COMPARISONS = [
    ("CIFAR-10 (JPEG), 100", "cifar10-jpeg-scarce"),
    ("Fashion-MNIST", "fashion-mnist-scarce"),
    ("N-MNIST", "nmnist-small"),
    ("CIFAR10-DVS, simulated", "cifar10dvs-simulated-small"),
]
METHODS = {"further extension": "extension", "+TSSD": "tssd", "+TSD": "tsd", "+SSD": "ssd"}

# Cells with their headings, by row: a T may stand twice, as an accuracy and as a difference.
Table = dict[str, list[tuple[str, str]]]
Values = dict[tuple[str, int], dict[int, float]]


def section_of(page: str, begins: str) -> str:
    text = (RESULTS / page).read_text(encoding="utf-8")
    return next(part for part in re.split(r"\n## ", text) if part.startswith(begins))


def tables_of(text: str) -> Iterator[Table]:
    """Those with a column for every T, by row and heading."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = [[c.strip().strip("*") for c in x.strip("|").split("|")] for x in block.splitlines()]
        head, _, *body = rows
        if head[0] in ("", "method"):
            yield {row[0]: list(zip(head[1:], row[1:], strict=True)) for row in body}


def values_of(folder: str, plan: str, scale: str, columns: str, data: str, runs: str) -> Values:
    """Test accuracy in per cent by row and T, and in that by seed."""
    records = read_records(RESULTS / folder / f"{runs}-runs.jsonl")
    found: Values = {}
    for cell in load_plan(plan).at_scale(scale, (data,), (columns,) if columns else ()):
        for record in records:
            curve = record.curve(cell)
            if record.variant.composed == cell.runs[scale].composed and cell.at in curve:
                found.setdefault((cell.row, cell.at), {})[record.seed] = 100 * curve[cell.at]
    return found


def plan_row(name: str) -> str:
    own = name.removesuffix(", one seed").replace("with a teacher, ", "")
    own = own.removesuffix(", with a teacher").removesuffix(", converted")
    return ROWS.get(name, own.replace("vanilla, trained at", "vanilla at"))


def assert_rounded(said: str, exact: float | None, where: str) -> None:
    """Whether a number is another one with fewer digits; ties may go either way."""
    assert exact is not None, where
    digits = len(said.partition(".")[2])
    assert abs(float(said) - exact) <= 0.5 * 10**-digits + 1e-9, f"{where}: {said}, not {exact}"


def assert_spread(said: str, values: Sequence[float | None], where: str) -> None:
    for text, exact in zip(re.findall(NUMBER, said.partition("(")[0]), values, strict=False):
        assert_rounded(text, exact, where)


@pytest.mark.parametrize(("folder", "begins", *"abcde"), SECTIONS)
def test_accuracies_and_differences_are_those_of_the_runs(folder, begins, a, b, c, d, e):
    values = values_of(folder, a, b, c, d, e)
    (table, *_) = tables_of(section_of(f"{folder}/README.md", begins))
    checked = 0
    for name, cells in table.items():
        row, base = plan_row(name), ""
        for heading, said in cells:
            if heading == "seeds":
                assert int(said) == len(values[row, 1]), name
                continue
            if not said:
                continue
            t, where = int(heading.rpartition("T = ")[2]), f"{begins}: {name}, {heading}"
            if heading.startswith("over"):
                base = "control, exit" if "exit" in heading else "control"
            if not base:
                alone = paired(values[row, t], dict.fromkeys(values[row, t], 0.0))
                assert_spread(said, (alone.difference, alone.std), where)
            else:
                assert_difference(said, values, (row, base, t), where)
            checked += 1
    assert checked > 10


def assert_difference(said: str, values: Values, of: tuple[str, str, int], where: str) -> None:
    row, base, t = of
    others = {own: v for (own, at), v in values.items() if at == t and own != base}
    tests = {own: paired(v, values[base, t]) for own, v in others.items()}
    assert_spread(said, (tests[row].difference, tests[row].std), where)
    if "(p" in said:
        p, text = corrected(tests)[row], re.findall(NUMBER, said)[-1]
        if "<" in said:
            assert p < float(text), where
        else:
            assert_rounded(text, p, where)


@pytest.mark.parametrize(("begins", "folder"), COMPARISONS)
def test_comparisons_are_those_of_their_files(begins, folder):
    with (RESULTS / folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = {line["method"].rpartition("/")[2]: line for line in csv.DictReader(file)}
    (table,) = tables_of(section_of("README.md", begins))
    lengths = sorted({int(n) for name in table if "T = " in name for n in re.findall(r"\d+", name)})
    for name, cells in table.items():
        kind = {f"T = {lengths[0]}": "vanilla_ts", f"T = {lengths[1]}": "vanilla_tt"} | METHODS
        row = rows[next(found for text, found in kind.items() if name.endswith(text))]
        for heading, said in cells:
            t = heading.rpartition("= ")[2]
            exact = [float(row[f"T={t} {what}"]) for what in ("mean", "std")]
            assert_spread(said, exact, f"{folder}: {name}, {heading}")
