"""How soon trainings were how good, in minutes and in operations: results/fast.

    python experiments/time_to_accuracy.py "half an hour=runs/a" "90 minutes=runs/b" --output results/fast/fast

Each run, as `tssd train` leaves it, becomes a line of the picture: accuracy on its validation
samples at T_s after every epoch, against the seconds of training (without validation) and against
the multiply-accumulates x 2 that they took. The table has the accuracies on the test samples at
the end. Written are NAME.csv, NAME.md and NAME.png.
"""  # noqa: E501

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

from tssd.report.plot import COLOURS, MARKERS
from tssd.runs.folder import RunFolder
from tssd.runs.results import Results
from tssd.runs.sound_metrics import sound_metrics

# Timesteps of the table, and the accuracies, in per cent, whose times it has.
TIMESTEPS = (1, 2, 4)
LEVELS = (70, 80, 85)


@dataclass(frozen=True)
class Curve:
    """One training: seconds, operations and accuracy in per cent, after every epoch."""

    name: str
    results: Results
    seconds: list[float]
    operations: list[float]
    accuracy: list[float]

    @classmethod
    def of(cls, name: str, path: Path) -> "Curve":
        """That of a finished run."""
        run = RunFolder.open(path)
        results = run.read_results()
        rows = sound_metrics(run.metrics, epochs=results.epochs)
        if results.training.operations is None:
            raise SystemExit(f"{path}: its operations were not counted")
        an_epoch = results.training.operations / len(rows)
        return cls(
            name,
            results,
            seconds=[row["seconds"] for row in rows],
            operations=[an_epoch * n for n in range(1, len(rows) + 1)],
            accuracy=[100 * row["val/accuracy"] for row in rows],
        )

    def reached(self, level: int) -> str:
        """Minutes until it had that accuracy, in words."""
        spent = self.results.training.seconds_to.get(str(level))
        return "-" if spent is None else f"{spent / 60:.1f}"


def write_csv(curves: list[Curve], path: Path) -> None:
    """A line for each epoch of each run."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["run", "epoch", "seconds", "operations", "validation accuracy, %"])
        for curve in curves:
            points = zip(curve.seconds, curve.operations, curve.accuracy, strict=True)
            for epoch, (seconds, operations, accuracy) in enumerate(points, 1):
                values = [f"{seconds:.1f}", f"{operations:.4g}", f"{accuracy:.2f}"]
                writer.writerow([curve.name, epoch, *values])


def table(curves: list[Curve]) -> str:
    """The runs in Markdown: what they took, and what they came to."""
    header = ["", "epochs", "parameters", "operations", "minutes"]
    header += [f"minutes to {level} %" for level in LEVELS] + [f"T = {t}" for t in TIMESTEPS]
    lines = [f"| {' | '.join(header)} |", f"| --- |{' ---: |' * (len(header) - 1)}"]
    for curve in curves:
        results = curve.results
        cells = [curve.name, str(results.epochs), f"{results.parameters or 0:,}"]
        cells += [f"{curve.operations[-1]:.2g}", f"{curve.seconds[-1] / 60:.1f}"]
        cells += [curve.reached(level) for level in LEVELS]
        known = results.evaluated().accuracy
        cells += [f"{100 * known[t - 1]:.2f}" if t <= len(known) else "-" for t in TIMESTEPS]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw(curves: list[Curve], path: Path) -> None:
    """Both pictures side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.0), layout="constrained")
    by_time, by_work = figure.subplots(1, 2, sharey=True)
    for index, curve in enumerate(curves):
        look = {"color": COLOURS[index], "marker": MARKERS[index], "markersize": 4}
        by_time.plot([s / 60 for s in curve.seconds], curve.accuracy, label=curve.name, **look)
        by_work.plot([o / 1e14 for o in curve.operations], curve.accuracy, **look)
    by_time.set_xlabel("minutes of training")
    by_work.set_xlabel("operations, 1e14 (multiply-accumulates x 2)")
    by_time.set_ylabel("validation accuracy at T_s, %")
    for axes in (by_time, by_work):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(left=0)
    by_time.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Read, write, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN", help="a name and a run folder")
    parser.add_argument("--output", type=Path, required=True, help="path without the ending")
    args = parser.parse_args()
    pairs = [given.partition("=") for given in args.runs]
    if any(not path for _, _, path in pairs):
        parser.error("expected NAME=RUN, a name and a run folder")
    curves = [Curve.of(name, Path(path)) for name, _, path in pairs]
    args.output.parent.mkdir(parents=True, exist_ok=True)
    write_csv(curves, args.output.with_suffix(".csv"))
    args.output.with_suffix(".md").write_text(table(curves), encoding="utf-8")
    draw(curves, args.output.with_suffix(".png"))
    print(table(curves), end="")


if __name__ == "__main__":
    main()
