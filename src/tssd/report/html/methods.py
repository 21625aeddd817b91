"""The methods of a comparison page: one order, one name for each, one answer."""

from dataclasses import dataclass
from functools import cached_property

from tssd.listed import and_more
from tssd.report.answer import Answer
from tssd.report.collection import Collection
from tssd.report.comparison import Comparison
from tssd.report.differences import Differences
from tssd.report.html.elements import Html, element, together
from tssd.report.method_labels import method_named, without_shared
from tssd.runs.results import Epoch
from tssd.runs.state import FinishedRun

# More lines in one picture cannot be told apart.
DRAWN = 8


@dataclass(frozen=True)
class Methods:
    """What a comparison is about.

    Args:
        collection: the runs; its order of methods is that of the page.
        comparison: their accuracies.
        differences: of them, and the method that the comparison is made for with its baseline.
    """

    collection: Collection
    comparison: Comparison
    differences: Differences

    @classmethod
    def of(cls, collection: Collection, *, reference: str | None, epoch: Epoch | None) -> "Methods":
        """Collect the accuracies.

        Args:
            collection: the runs.
            reference: the baseline, a method's name or the end of it; None = see `Answer`.
            epoch: whose weights; None = those that count for each run.
        Raises: UsageError: no such method, or several.
        """
        runs = {name: [run.results for run in group] for name, group in collection.methods.items()}
        comparison = Comparison.of(runs, epoch=epoch)
        chosen = None if reference is None else method_named(reference, list(runs), "reference")
        return cls(collection, comparison, Differences.of(comparison, chosen))

    @property
    def answer(self) -> Answer:
        """The method that the comparison is made for, and its baseline."""
        return self.differences.answer

    @property
    def reference(self) -> str:
        """Name of the method that the others are measured against."""
        return self.differences.against

    @cached_property
    def labels(self) -> dict[str, str]:
        """What to call each method where it stands among words."""
        return self.comparison.labels

    @cached_property
    def headings(self) -> dict[str, Html]:
        """The same for the rows of a table: what the recipe says, its name below."""
        rows = self.comparison.rows
        short = without_shared([row.name for row in rows])[1]
        return {
            row.name: together([row.label, element("small", None, name)])
            if row.label
            else together([name])
            for row, name in zip(rows, short, strict=True)
        }

    @cached_property
    def drawn(self) -> list[str]:
        """Methods in the pictures, in order: as many as can be told apart.

        Those that the answer is about are always among them.
        """
        names = [row.name for row in self.comparison.rows]
        first = [self.answer.subject.name, self.reference]
        kept = {*first, *[name for name in names if name not in first][: DRAWN - len({*first})]}
        return [name for name in names if name in kept]

    @property
    def undrawn(self) -> str:
        """Which methods are missing in the pictures, in words; empty = none."""
        missing = [label for name, label in self.labels.items() if name not in self.drawn]
        if not missing:
            return ""
        named = and_more(missing, 5, between="; ")
        return f"Not drawn, for more than {DRAWN} cannot be told apart: {named}."

    def runs(self, name: str) -> list[FinishedRun]:
        """The runs of a method."""
        return self.collection.methods[name]
