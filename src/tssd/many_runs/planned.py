"""A run that is to be trained, and the words that train it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

Override = tuple[str, str]
TRUST = "--trust="


class PlannedRun(NamedTuple):
    """A recipe, a seed, the folder they are trained into, and options of the recipe.

    Args:
        recipe: a name, or the path of a YAML file or of a run folder.
        seed: of the run.
        folder: of the run.
        options: pairs of dotted name and YAML value.
    """

    recipe: str
    seed: int
    folder: Path
    options: tuple[Override, ...] = ()

    @property
    def overrides(self) -> list[Override]:
        """The options, the seed among them."""
        return [*self.options, ("seed", str(self.seed))]

    def words(self) -> list[str]:
        """The words of `tssd` that train it, and continue it."""
        options = [f"--{name}={value}" for name, value in self.overrides]
        return ["train", self.recipe, f"--output={self.folder}", "--resume", *options]

    @classmethod
    def of(cls, words: Sequence[str]) -> Self:
        """The run of such words."""
        _, recipe, output, _, *options = words
        pairs = [option.removeprefix("--").partition("=") for option in options]
        (*own, (_, seed)) = [(name, value) for name, _, value in pairs]
        return cls(recipe, int(seed), Path(output.removeprefix("--output=")), tuple(own))
