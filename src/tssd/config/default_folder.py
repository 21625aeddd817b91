"""Where runs are: OUTPUT/RECIPE/seedN, whichever command trains them."""

import re
from pathlib import Path

from tssd.config.compose import folder_of, words_of
from tssd.runs.folder import OUTPUT


def run_folder(recipe: str, seed: int, output: str | Path = OUTPUT) -> Path:
    """The folder of a run.

    An alias is called by its name, a composition by its pieces, always in the same order. A file is
    called by its path from here, or below a folder elsewhere by its own name; a run folder as the
    run in it.

    Args:
        recipe: a name, or the path of a YAML file or of a run folder.
        seed: of the run.
        output: the folder of all runs.
    """
    return Path(output) / _name(recipe, Path(output)) / f"seed{seed}"


def _name(recipe: str, output: Path) -> str:
    if words_of(recipe) is not None:
        return folder_of(recipe)
    path = Path(recipe)
    if path.is_dir():
        path = path.resolve()
        # RECIPE/seed0 is a run of RECIPE, and one that is here already is its own place.
        path = path.parent if re.fullmatch(r"seed\d+", path.name) else path
        return _below(path, output.resolve(), Path.cwd())
    if path.is_file():
        return _below(path.resolve().with_suffix(""), Path.cwd())
    return recipe


def _below(path: Path, *bases: Path) -> str:
    """The path from the first base that it is below, else its last part."""
    for base in bases:
        if path != base and path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name
