"""Methods side by side: mean and spread over the seeds of the accuracy at every T."""

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tssd.errors import DataError
from tssd.report.method_labels import short_descriptions, without_shared
from tssd.report.shown_names import in_csv, in_markdown
from tssd.runs.differences import fingerprints
from tssd.runs.evaluation import PerT
from tssd.runs.results import Epoch, Results
from tssd.runs.training_cost import TeacherCost
from tssd.runs.which_epoch import EPOCHS, epochs_in_words

# What is said of the training of teachers, and of what they said in that of their students.
OF_TEACHERS = ("network_steps", "operations", "seconds", "answers")
TeacherCosts = Mapping[str, float | None]


@dataclass(frozen=True)
class Row:
    """One method.

    Args:
        name: of the method.
        student: the T that it is meant for.
        seeds: of the runs.
        accuracy: test accuracy in per cent, [seed][T - 1].
        teacher: the T of its teacher; the same as `student` without one, None = not known.
        label: what the recipe says about it, without what all say; may be empty.
        of: the method whose networks they are, with batch norm recalibrated at each T; None = as
            they were trained.
        taught: what the teachers of each run took that are runs of their own; None = it had none.
        trained_steps: of the whole network for a training sample; None = the T of its teacher.
    """

    name: str
    student: int
    seeds: tuple[int, ...]
    accuracy: tuple[tuple[float, ...], ...]
    teacher: int | None = None
    label: str = ""
    of: str | None = None
    taught: tuple[TeacherCost | None, ...] = ()
    trained_steps: int | None = None

    @property
    def network_steps(self) -> int | None:
        """What a training sample takes; None = not known."""
        return self.trained_steps or self.teacher

    def mean(self, t: int) -> float:
        """Mean over the seeds at T = t, per cent."""
        return statistics.mean(run[t - 1] for run in self.accuracy)

    def std(self, t: int) -> float | None:
        """Sample standard deviation over the seeds at T = t, per cent; None for a single seed."""
        values = [run[t - 1] for run in self.accuracy]
        return statistics.stdev(values) if len(values) > 1 else None

    def of_teachers(self) -> TeacherCosts | None:
        """Means over the runs of what their teachers took; None = they had none, or not all."""
        found = [cost for cost in self.taught if cost is not None]
        if not found or len(found) < len(self.seeds):
            return None
        return {name: _mean([getattr(cost, name) for cost in found]) for name in OF_TEACHERS}

    def cell(self, t: int) -> str:
        """`mean +- std` with two decimals."""
        std = self.std(t)
        return f"{self.mean(t):.2f}" + ("" if std is None else f" ± {std:.2f}")


@dataclass(frozen=True)
class Comparison:
    """Methods on the same samples.

    Args:
        rows: one a method.
        timesteps: T of each column.
        split_hash: of the samples, the same for all runs.
        samples: number of test samples.
        epoch: whose weights were asked for; None = those that count for each run.
        weights: the same in words.
        processors: how many of the runs come from each kind, as far as they say.
    """

    rows: tuple[Row, ...]
    timesteps: tuple[int, ...]
    split_hash: str
    samples: int
    epoch: Epoch | None = None
    weights: str = EPOCHS["best"]
    processors: Mapping[str, int] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """What to call each method beside others: its label and the end of its name."""
        short = without_shared([row.name for row in self.rows])[1]
        return {
            row.name: f"{row.label} ({name})" if row.label else name
            for row, name in zip(self.rows, short, strict=True)
        }

    @classmethod
    def of(
        cls,
        runs: Mapping[str, Sequence[Results]],
        timesteps: Sequence[int] = (),
        *,
        epoch: Epoch | None = None,
        recalibrated: Mapping[str, Sequence[PerT]] = {},
        processors: Mapping[str, int] = {},
    ) -> Self:
        """Collect the results of runs by method.

        Args:
            runs: their results, an entry per seed for each method.
            timesteps: columns; empty = every T that all runs were evaluated at.
            epoch: whose weights; None = those that count for each run.
            recalibrated: accuracy of the same runs with batch norm recalibrated at each T, of the
                methods that get a second row.
            processors: how many of the runs come from each kind.
        Raises: DataError: runs on different splits, or not evaluated at a wanted T.
        """
        everything = [run for group in runs.values() for run in group]
        prints = fingerprints(everything)
        if len(set(prints)) != 1:
            of_each = iter(prints)
            splits = {name: sorted({next(of_each) for _ in group}) for name, group in runs.items()}
            listed = "; ".join(f"{name}: {', '.join(found)}" for name, found in splits.items())
            raise DataError(
                f"compare: the runs used different samples, by their fingerprints {listed}; "
                "train them with the same data"
            )
        curves = {
            name: tuple(tuple(100 * a for a in r.evaluated(epoch).accuracy) for r in group)
            for name, group in runs.items()
        }
        longest = min(len(curve) for group in curves.values() for curve in group)
        for t in timesteps:
            if not 1 <= t <= longest:
                raise DataError(f"compare: T = {t} is wanted, the runs know T = 1 to {longest}")
        labels = short_descriptions([g[0].description or "" for g in runs.values()])
        rows = [
            Row(
                name=name,
                student=group[0].timesteps.student,
                seeds=tuple(run.seed for run in group),
                accuracy=curves[name],
                teacher=group[0].timesteps.teacher,
                label=label,
                taught=tuple(run.training.of_teachers for run in group),
                trained_steps=group[0].training.network_steps,
            )
            for (name, group), label in zip(runs.items(), labels, strict=True)
        ]
        rows = [own for row in rows for own in _with_recalibrated(row, recalibrated, longest)]
        return cls(
            rows=tuple(rows),
            timesteps=tuple(timesteps) or tuple(range(1, longest + 1)),
            split_hash=everything[0].split_hash,
            samples=everything[0].best.samples,
            epoch=epoch,
            weights=epochs_in_words(everything, epoch),
            processors=processors,
        )

    def to_dict(self) -> dict[str, Any]:
        """Numbers behind the table, per seed too."""
        return {
            "split_hash": self.split_hash,
            "test_samples": self.samples,
            "unit": "test accuracy, per cent",
            "epoch": self.weights,
            "processors": dict(self.processors),
            "rows": [
                {
                    "method": row.name,
                    "description": row.label,
                    "student_timesteps": row.student,
                    "network_steps": row.network_steps,
                    "teachers": row.of_teachers(),
                    "recalibrated": row.of is not None,
                    "seeds": list(row.seeds),
                    "accuracy": {
                        str(t): {
                            "mean": row.mean(t),
                            "std": row.std(t),
                            "runs": [run[t - 1] for run in row.accuracy],
                        }
                        for t in self.timesteps
                    },
                }
                for row in self.rows
            ],
        }

    def to_csv(self) -> str:
        """A line per method: mean and standard deviation at each T, per cent."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        columns = [c for t in self.timesteps for c in (f"T={t} mean", f"T={t} std")]
        heads = ["method", "student timesteps", "network steps a sample", "seeds"]
        # A column only where there is something to say.
        told = OF_TEACHERS if any(row.of_teachers() for row in self.rows) else ()
        taught = [f"teachers: {name.replace('_', ' ')}" for name in told]
        writer.writerow([*heads, *columns, "description", *taught])
        for row in self.rows:
            values: list[object] = []
            for t in self.timesteps:
                std = row.std(t)
                values += [f"{row.mean(t):.4f}", "" if std is None else f"{std:.4f}"]
            steps = "" if row.network_steps is None else row.network_steps
            first = [in_csv(row.name), row.student, steps, len(row.seeds)]
            took = row.of_teachers() or {}
            costs = [took.get(name) for name in told]
            writer.writerow([*first, *values, in_csv(row.label), *costs])
        return text.getvalue()

    def to_markdown(self) -> str:
        """A table for a README; bold where a method runs at the T that it is meant for."""
        lines = ["| method | " + " | ".join(f"T = {t}" for t in self.timesteps) + " |"]
        lines.append("| --- |" + " ---: |" * len(self.timesteps))
        for row in self.rows:
            cells = [
                f"**{row.cell(t)}**" if t == row.student else row.cell(t) for t in self.timesteps
            ]
            lines.append(f"| {in_markdown(_named(row))} | " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"


def _with_recalibrated(
    row: Row, recalibrated: Mapping[str, Sequence[PerT]], longest: int
) -> list[Row]:
    """A row, and behind it the one with batch norm recalibrated, if it is asked for."""
    if (runs := recalibrated.get(row.name)) is None:
        return [row]
    accuracy = tuple(tuple(100 * a for a in run[:longest]) for run in runs)
    return [
        row,
        replace(row, name=f"{row.name}, recalibrated", accuracy=accuracy, of=row.name),
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.mean(known) if len(known) == len(values) else None


def _named(row: Row) -> str:
    return f"{row.label} ({row.name})" if row.label else row.name
