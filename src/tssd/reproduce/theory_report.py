"""The table and the picture of section 3.5."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tssd.report.shown_names import in_csv, in_markdown
from tssd.reproduce.picture import plot_lines
from tssd.reproduce.risk_of_run import LearnedRisk
from tssd.reproduce.theory import REPEATS, SIZES, Measured, Mixture

# How far apart the classes are, from hardly told apart to nearly certain.
RADII = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
# How sure a teacher is: factors on the logits of the right probabilities.
SURE = (0.5, 0.7, 0.9, 1.0, 1.1, 1.5, 2.0)


def overlap_rows() -> list[dict[str, float]]:
    """Exact variances of one sample for mixtures of different overlap."""
    found: list[dict[str, float]] = []
    for radius in RADII:
        exact = Mixture(radius).exact()
        found.append(
            {
                "radius": radius,
                "mean risk": exact.mean,
                "empirical": exact.empirical,
                "distilled": exact.distilled,
                "ratio": exact.distilled / exact.empirical,
            }
        )
    return found


def teacher_rows() -> list[dict[str, float | None]]:
    """Exact variances and bias of the mixture with teachers that are more or less sure.

    `N` is the number of samples below which the distilled risk is the better estimate, None = any.
    """
    found: list[dict[str, float | None]] = []
    for teacher in SURE:
        exact = Mixture().exact(teacher=teacher)
        found.append(
            {
                "teacher": teacher,
                "empirical": exact.empirical,
                "distilled": exact.distilled,
                "bias": exact.bias,
                "N": _finite(exact.break_even),
            }
        )
    return found


def theory_csv(measured: Sequence[Measured], learned: Sequence[LearnedRisk]) -> str:
    """A line per setting and sample size; of a network, per seed, divided by the same sizes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = ["setting", "samples N", "variance empirical", "variance distilled", "ratio"]
    writer.writerow([*heads, "exact empirical", "exact distilled"])
    for row in measured:
        exact = [f"{row.exact_empirical:.6g}", f"{row.exact_distilled:.6g}"]
        values = [f"{v:.6g}" for v in (row.empirical, row.distilled, row.ratio)]
        writer.writerow([row.setting, row.size, *values, *exact])
    for one in learned:
        for size in SIZES:
            pair = [f"{one.empirical / size:.6g}", f"{one.distilled / size:.6g}"]
            name = f"{one.data}, seed {one.seed}, teacher's probabilities"
            writer.writerow([in_csv(name), size, *pair, f"{one.ratio:.6g}", "", ""])
    return text.getvalue()


def theory_markdown(measured: Sequence[Measured], learned: Sequence[LearnedRisk]) -> str:
    """Three tables: over sample sizes, over the overlap of the classes, on trained networks."""
    lines = [
        f"{measured[0].setting}, class probabilities known; {REPEATS} samples of each size:",
        "",
        "| samples N | empirical: measured | exact | distilled: measured | exact | ratio |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {m.size} | {m.empirical:.3g} | {m.exact_empirical:.3g} | {m.distilled:.3g} "
        f"| {m.exact_distilled:.3g} | {m.ratio:.2f} |"
        for m in measured
    ]
    lines += ["", "The nearer the classes (exact, variance of one sample's contribution):", ""]
    lines += ["| radius | mean risk | empirical | distilled | ratio |", "|" + " ---: |" * 5]
    lines += [
        "| " + " | ".join(f"{value:.3g}" for value in row.values()) + " |" for row in overlap_rows()
    ]
    lines += ["", "A teacher's probabilities for the known ones, its logits too flat or too sharp "]
    lines[-1] += "by a factor (exact). The distilled risk is then biased, and has the smaller mean "
    lines[-1] += "squared error below N = (empirical - distilled) / bias² samples only:"
    lines += ["", "| factor | empirical | distilled | bias | better below N |", "|" + " ---: |" * 5]
    lines += [
        f"| {row['teacher']:g} | {row['empirical']:.3g} | {row['distilled']:.3g} "
        f"| {row['bias']:+z.3f} | {_samples(row['N'])} |"
        for row in teacher_rows()
    ]
    if learned:
        lines += [
            "",
            "Trained networks, the teacher's probabilities for the unknown ones; variance ",
        ]
        lines[-1] += "of one test sample's contribution, and the bias that the stand-in brings:"
        lines += [
            "",
            "| data | seed | samples | empirical | distilled | ratio | bias of the mean "
            "| better below N |",
        ]
        lines += ["| --- |" + " ---: |" * 7]
        lines += [
            f"| {in_markdown(one.data)} | {one.seed} | {one.samples} | {one.empirical:.3g} "
            f"| {one.distilled:.3g} | {one.ratio:.2f} "
            f"| {one.bias:+z.3f} | {_samples(_finite(one.break_even))} |"
            for one in learned
        ]
    return "\n".join(lines) + "\n"


def theory_dict(measured: Sequence[Measured], learned: Sequence[LearnedRisk]) -> dict[str, Any]:
    """Every number."""
    return {
        "mixture": [row._asdict() | {"ratio": row.ratio} for row in measured],
        "overlap": overlap_rows(),
        "teachers": teacher_rows(),
        "learned": [
            one._asdict() | {"ratio": one.ratio, "better_below": _finite(one.break_even)}
            for one in learned
        ],
    }


def _finite(samples: float) -> float | None:
    return samples if math.isfinite(samples) else None


def _samples(count: float | None) -> str:
    """A number of samples; None = any."""
    if count is None:
        return "any"
    return f"{count:.3g}" if count < 1000 else f"{count:.0f}"


def plot_theory(measured: Sequence[Measured], learned: Sequence[LearnedRisk], path: Path) -> None:
    """Variance against sample size, on logarithmic axes."""
    sizes = [float(m.size) for m in measured]
    none = [0.0] * len(sizes)
    name = measured[0].setting
    lines = [
        (name, "empirical, measured", sizes, [m.empirical for m in measured], none),
        (name, "distilled, measured", sizes, [m.distilled for m in measured], none),
        (name, "empirical, exact", sizes, [m.exact_empirical for m in measured], none),
        (name, "distilled, exact", sizes, [m.exact_distilled for m in measured], none),
    ]
    for data in dict.fromkeys(one.data for one in learned):
        own = [one for one in learned if one.data == data]
        for kind in ("empirical", "distilled"):
            mean = sum(getattr(one, kind) for one in own) / len(own)
            group = f"{data}, teacher's probabilities"
            lines.append((group, kind, sizes, [mean / size for size in sizes], none))
    plot_lines(
        path,
        lines,
        x_label="samples N",
        y_label="variance of the risk, nats²",
        title="Section 3.5: empirical and Bayes-distilled risk",
        log=True,
    )
