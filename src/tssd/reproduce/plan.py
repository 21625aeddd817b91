"""What a table or figure of the paper consists of."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args

from tssd.config.compose import composition_of, folder_of, words_of
from tssd.config.sections import option_parts
from tssd.config.suggest import nearest
from tssd.errors import UsageError
from tssd.runs.folder_names import folder_name
from tssd.runs.results import Epoch

Scale = Literal["paper", "small", "mid", "fast"]
SCALES: tuple[Scale, ...] = get_args(Scale)
# What is drawn, and what is written beside the table of accuracies.
Kind = Literal[
    "table", "ablation", "composition", "timesteps", "sweep", "curves", "rates", "exits", "theory"
]  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """A recipe with options, as they would follow `tssd train`.

    Args:
        recipe: its name or path.
        options: pairs of dotted name and YAML value.
    """

    recipe: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read `RECIPE [--name=value ...]`. Raises: UsageError: anything else."""
        try:
            recipe, *options = shlex.split(words) or [""]
        except ValueError as error:
            raise UsageError(f"got {words!r}: {error}, expected RECIPE --name=value ...") from None
        pairs = [tuple(option.removeprefix("--").split("=", 1)) for option in options]
        wrong = [o for o in options if not o.startswith("--") or "=" not in o]
        if not recipe or wrong:
            raise UsageError(f"got {words!r}, expected RECIPE --name=value ...")
        # Sorted, so that networks are the same whatever the order; it may not decide what counts.
        names = [".".join(option_parts(name)) for name, _ in pairs]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"got {words!r}, which gives --{twice} twice; leave one")
        if "seed" in names:
            raise UsageError(f"got {words!r}, but seeds are given to all rows: --seeds 0,1,2")
        return cls(recipe, tuple(sorted((name, value) for name, value in pairs)))

    @property
    def words(self) -> str:
        """The words that follow `tssd train`."""
        return shlex.join([self.recipe, *(f"--{name}={value}" for name, value in self.options)])

    @property
    def composed(self) -> Self:
        """The same by its pieces: what an alias and what it means have in common."""
        return replace(self, recipe=composition_of(self.recipe))

    @property
    def name(self) -> str:
        """The folder of its runs, below that of all."""
        if words_of(self.recipe) is not None:
            return folder_name(folder_of(self.recipe), self.options)
        # A recipe in a file is called by its own name, as `tssd compare` does.
        path = Path(self.recipe)
        recipe = path.stem if path.suffix in (".yaml", ".yml") else self.recipe
        return folder_name(recipe, self.options)


@dataclass(frozen=True)
class Cell:
    """One number of the paper, and what is trained for it.

    Args:
        data: the data set; cells of one data set must have seen the same samples.
        row: of the table; the method.
        column: of the table; the network, or what is varied.
        at: timesteps T at which the run is read.
        runs: for each scale that has the cell.
        paper: the paper's mean in per cent; None = the paper gives none.
        std: the paper's standard deviation; None = not given.
        x: where a sweep draws it; None = a line across.
        recalibrated: whether it is read with batch norm recalibrated at that T.
        longer: how many times the epochs of the other rows it is trained for, which its network
            steps a sample are counted by.
    """

    data: str
    row: str
    column: str
    at: int
    runs: Mapping[Scale, Variant]
    paper: float | None = None
    std: float | None = None
    x: float | None = None
    recalibrated: bool = False
    longer: int = 1


@dataclass(frozen=True)
class Plan:
    """A table or figure.

    Args:
        name: of the plan.
        title: what it shows.
        source: where in the paper.
        kind: what is drawn.
        cells: the numbers.
        epoch: whose weights count, for each scale; None = those that the runs say.
        text: baseline (the row that gains are over), also_over (more such rows of an ablation),
            x_label, notes and not_here.
    """

    name: str
    title: str
    source: str
    kind: Kind
    cells: tuple[Cell, ...]
    epoch: Mapping[Scale, Epoch | None]
    text: Mapping[str, Any]

    def at_scale(
        self,
        scale: Scale,
        datasets: tuple[str, ...] = (),
        columns: tuple[str, ...] = (),
        rows: tuple[str, ...] = (),
    ) -> tuple[Cell, ...]:
        """The cells that a scale has, of some data sets, columns or rows only if any are named.

        Args:
            scale: which.
            datasets: names.
            columns: names, or parts of them.
            rows: likewise.
        Raises: UsageError: a scale that the plan does not have, or an unknown name.
        """
        cells = [cell for cell in self.cells if scale in cell.runs]
        if not cells:
            others = ", ".join(s for s in SCALES if any(s in cell.runs for cell in self.cells))
            raise UsageError(f"--scale: {self.name} has no {scale} scale; give --scale {others}")
        known = list(dict.fromkeys(cell.data for cell in cells))
        for name in datasets:
            if name not in known:
                raise UsageError(f"--datasets: got {name!r}; {nearest(name, known)}")
        cells = [cell for cell in cells if not datasets or cell.data in datasets]
        cells = _chosen("columns", columns, cells, lambda cell: cell.column)
        return tuple(_chosen("rows", rows, cells, lambda cell: cell.row))

    def variants(self, cells: tuple[Cell, ...], scale: Scale) -> list[Variant]:
        """What is trained for some cells, each once."""
        return list(dict.fromkeys(cell.runs[scale] for cell in cells))


def _chosen(
    option: str, texts: Sequence[str], cells: list[Cell], name_of: Callable[[Cell], str]
) -> list[Cell]:
    """The cells whose name is one of some texts, or contains one that is no cell's name."""
    there = list(dict.fromkeys(map(name_of, cells)))
    wanted: set[str] = set()
    for text in texts:
        found = [text] if text in there else [name for name in there if text and text in name]
        if not found:
            raise UsageError(
                f"--{option}: got {text!r}, expected a part of {' or '.join(map(repr, there))}"
            )
        wanted.update(found)
    return [cell for cell in cells if name_of(cell) in wanted] if texts else cells
