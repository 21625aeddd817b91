"""Each method minus a baseline at every T, and which of them the seeds tell apart."""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tssd.report.answer import Answer, certainty, distance, p_is, paired_at
from tssd.report.comparison import Comparison
from tssd.report.method_labels import method_named
from tssd.report.shown_names import in_csv, in_markdown
from tssd.report.signed import signed, signed_range
from tssd.report.significance import LEVEL, Paired, corrected

COLUMNS = (
    "method", "against", "T", "seeds", "difference", "std", "95 % from", "to", "p", "corrected p",
    "told apart",
)  # fmt: skip

Key = tuple[str, int]


@dataclass(frozen=True)
class Differences:
    """Methods against one of them.

    Args:
        comparison: all methods.
        answer: about the one that the comparison is made for, which has the baseline.
        tests: by method and T, without the baseline's own; in the order of the comparison.
        corrected: p values corrected for the number of tests (Holm), where there is one.
    """

    comparison: Comparison
    answer: Answer
    tests: Mapping[Key, Paired]
    corrected: Mapping[Key, float]

    @classmethod
    def of(cls, comparison: Comparison, against: str | None = None) -> Self:
        """Test every other method at every T of the comparison.

        Args:
            comparison: all methods.
            against: the baseline, a name or the end of one; None = that of `Answer`.
        Raises: UsageError: no such method, or several.
        """
        names = [row.name for row in comparison.rows]
        chosen = None if against is None else method_named(against, names, "against")
        answer = Answer.of(comparison, chosen)
        base = answer.baseline
        tests = {
            (row.name, t): paired_at(row, base, t)
            for row in comparison.rows
            for t in comparison.timesteps
            if base is not None and row.name != base.name
        }
        return cls(comparison, answer, tests, corrected(tests))

    @property
    def against(self) -> str:
        """Name of the baseline; that of the only method where there is one."""
        return (self.answer.baseline or self.answer.subject).name

    @property
    def methods(self) -> list[str]:
        """Names of the others."""
        return list(dict.fromkeys(name for name, _ in self.tests))

    @property
    def corrected_p(self) -> float | None:
        """That of the answer, the subject against the baseline; None = it cannot be tested."""
        return self.corrected.get((self.answer.subject.name, self.answer.at))

    def told_apart(self, key: Key) -> bool | None:
        """Whether a method and the baseline are told apart at a T; None = it cannot be tested."""
        p = self.corrected.get(key)
        return None if p is None else p < LEVEL

    def caption(self) -> str:
        """What the numbers are."""
        return (
            f"Accuracy minus that of {self.comparison.labels[self.against]}, points: mean ± std of "
            "the differences seed by seed, 95 % interval and p of a paired t test"
            + (
                f", corrected for {len(self.corrected)} comparisons (Holm)"
                if self.corrected
                else ""
            )
        )

    def sentences(self) -> list[str]:
        """One a method: at which T it is told apart, and at which not; then the answer's."""
        return [*map(self._sentence, self.methods), self.answered()] if self.tests else []

    def _sentence(self, name: str) -> str:
        own = {t: self.tests[name, t] for t in self.comparison.timesteps}
        label = self.comparison.labels[name]
        tested = [t for t in own if (name, t) in self.corrected]
        if not tested:
            return f"{label}: {certainty(next(iter(own.values())), None, 0)}."
        clauses: list[str] = []
        if apart := [t for t in tested if self.told_apart((name, t))]:
            told = [f"T = {t} ({distance(own[t])})" for t in apart]
            clauses.append(f"told apart at {', '.join(told)}")
        if rest := [t for t in tested if t not in apart]:
            bounds = [bound for t in rest for bound in own[t].interval or ()]
            within = signed_range(min(bounds), max(bounds))
            listed = ", ".join(map(str, rest))
            clauses.append(f"not told apart at T = {listed} (95 % intervals within {within})")
        return f"{label}: {'; '.join(clauses)}."

    def answered(self) -> str:
        """What the comparison is made for in words, p corrected as in this table."""
        p, among = self.corrected_p, len(self.corrected)
        return self.answer.sentence(self.comparison.labels, p=p, among=among)

    def to_dict(self) -> dict[str, Any]:
        """Numbers behind the table; null where something could not be tested."""
        return {
            "against": self.against,
            "corrected_for": len(self.corrected),
            "rows": [
                {
                    "method": name,
                    "timesteps": {
                        str(t): {
                            "seeds": list(test.seeds),
                            "difference": test.difference if test.seeds else None,
                            "std": test.std,
                            "interval": test.interval and list(test.interval),
                            "p": test.p,
                            "corrected_p": self.corrected.get((name, t)),
                            "told_apart": self.told_apart((name, t)),
                        }
                        for (method, t), test in self.tests.items()
                        if method == name
                    },
                }
                for name in self.methods
            ],
        }

    def to_csv(self) -> str:
        """A line per method and T, points; empty where something could not be tested."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        words = {True: "yes", False: "no", None: ""}
        for (name, t), test in self.tests.items():
            low, high = test.interval or (None, None)
            numbers = (test.difference, test.std, low, high)
            ps = (test.p, self.corrected.get((name, t)))
            writer.writerow(
                [
                    *(in_csv(name), in_csv(self.against), t, len(test.seeds)),
                    *("" if v is None or math.isnan(v) else f"{v:.4f}" for v in numbers),
                    *("" if p is None else f"{p:.4g}" for p in ps),
                    words[self.told_apart((name, t))],
                ]
            )
        return text.getvalue()

    def to_markdown(self) -> str:
        """A table for a README, bold where a method is told apart, and the sentences below it."""
        lines = [f"{in_markdown(self.caption())}; bold = told apart (p < {LEVEL:g}):", ""]
        ts = self.comparison.timesteps
        lines += ["| method | " + " | ".join(f"T = {t}" for t in ts) + " |"]
        lines.append("| --- |" + " ---: |" * len(ts))
        labels = self.comparison.labels
        for name in self.methods:
            cells = [
                f"**{', '.join(parts)}**" if self.told_apart((name, t)) else ", ".join(parts)
                for t in ts
                if (parts := self.parts((name, t)))
            ]
            lines.append(f"| {in_markdown(labels[name])} | " + " | ".join(cells) + " |")
        lines += ["", *(f"- {in_markdown(sentence)}" for sentence in self.sentences())]
        return "\n".join(lines) + "\n"

    def parts(self, key: Key) -> list[str]:
        """Difference, interval and p of a cell, as far as they are known."""
        test = self.tests[key]
        if not test.seeds:
            return ["no common seed"]
        found = [signed(test.difference) + ("" if test.std is None else f" ± {test.std:.2f}")]
        if test.interval is not None:
            found.append(signed_range(*test.interval, decimals=1))
        if (p := self.corrected.get(key)) is not None:
            found.append(p_is(p))
        else:
            many = len(test.seeds)
            few = f"{many} seed{'s' * (many > 1)}" if test.verdict == "too few" else "no spread"
            found.append(f"{few}: no test")
        return found
