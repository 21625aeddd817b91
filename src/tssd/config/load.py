"""A recipe, checked, with overrides."""

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from tssd.config.built_for import check_built_for
from tssd.config.compose import layers
from tssd.config.folds import check_folds
from tssd.config.needed_norm import check_needed_norms
from tssd.config.options import problems, walk
from tssd.config.override import in_order, no_such_option, override
from tssd.config.paths import load_object
from tssd.config.piece import Piece
from tssd.config.recipe import Config, Layer, Replaced, is_packaged, merge
from tssd.config.replaced import lines
from tssd.config.sections import with_defaults
from tssd.config.short_names import spell_out
from tssd.config.trust import check_trust, only_known_parts
from tssd.config.types import as_node
from tssd.earlier import with_later_options
from tssd.errors import UsageError
from tssd.objectives import Objective
from tssd.objectives.labelled import check_one_task


def load_recipe(
    name: str,
    overrides: Sequence[tuple[str, str]] = (),
    *,
    tell: Callable[[str], object] | None = None,
    without: Sequence[str] = (),
) -> Config:
    """A recipe as a mapping, `extends` followed, overrides (dotted name, YAML value) applied.

    What it names by import path is imported: see `tssd.config.paths`. A run folder, which a
    stranger may have made, may name less than a recipe: see `tssd.config.trust`.

    Args:
        name: of a recipe in the package, or the path of a YAML file or a run folder.
        overrides: what a section is comes before what is in it, else in this order.
        tell: receives a line for each class that takes the place of another, in a file of one's
            own or by an override, and so drops arguments.
        without: sections that are left out, unread.
    Raises: UsageError: unknown recipe or option, or a value that does not fit; names the file.
        Parts that do not go together.
    """
    found, replaced = layers(name), list[Replaced]()
    is_of_a_run = any(map(_is_of_a_run, found))
    with only_known_parts() if is_of_a_run else nullcontext():
        merged = merge(found, None if is_of_a_run else replaced)
        config = spell_out({name: merged[name] for name in merged if name not in without})
        config = with_later_options(config) if is_of_a_run else config
        check(config, found)
        if is_of_a_run:
            for option, value, _ in walk(config):
                if option.endswith(".trust"):  # of a teacher's run
                    check_trust(option, value)
            _check_parts(config)  # which imports what they are, so here, too
    config = with_defaults(config)
    for option, text in in_order(overrides):
        override(config, option, text, replaced)
    config |= _at_one_length(config, found, overrides)
    _check_parts(config)
    if tell is not None:
        for line in lines([r for r in replaced if not is_packaged(r.source)], config):
            tell(line)
    return config


def check(config: Config, sources: Sequence[Layer] = ()) -> None:
    """Refuse unknown options, wrong values and task losses that contradict each other.

    Raises: UsageError: names the last source that has the option, or both task losses.
    """
    for option, text in problems(config):
        named = [layer.source for layer in sources if _holds(layer.config, option)]
        text = text or no_such_option(config, option, prefix="")
        raise UsageError(": ".join([*named[-1:], option, text]))
    _check_task(config)


def _at_one_length(
    config: Config, found: Sequence[Layer], overrides: Sequence[tuple[str, str]]
) -> Config:
    """The pair of timesteps of a method that trains at one of them, whichever an option sets.

    Else `vanilla_ts --timesteps.student 1` would keep T_t, and be the control. With other terms,
    of an option or of a file of the user's own, it is another method, and means the pair that it
    says; and so does a file that says a pair.
    """
    own = {option.partition(".")[0] for option, _ in overrides}
    files = [layer.config for layer in found if layer.source.endswith((".yaml", ".yml"))]
    if any(section in file for file in files for section in ("objectives", "timesteps")):
        return {}
    methods = [layer.source for layer in found if layer.source.startswith("methods/")]
    pair = config.get("timesteps")
    if not methods or "timesteps" not in own or "objectives" in own or not isinstance(pair, dict):
        return {}
    return {"timesteps": Piece.packaged(methods[-1]).turned(pair)}


def _check_parts(config: Config) -> None:
    """Refuse parts that do not go together, or not with T_t."""
    check_folds(config)
    check_built_for(config)
    check_needed_norms(config)


def _check_task(config: Config) -> None:
    """Refuse two task losses that contradict each other, whatever names they have."""
    terms = config.get("objectives")
    if isinstance(terms, dict):
        paths = {name: as_node(Objective, term).get("class_path") for name, term in terms.items()}
        check_one_task({name: load_object(path) for name, path in paths.items() if path})


def _is_of_a_run(layer: Layer) -> bool:
    path = Path(layer.source)
    beside = path.with_name("environment.json")
    return os.path.isdir(path) or (path.name == "config.yaml" and beside.exists())


def _holds(config: Config, option: str) -> bool:
    """Whether a file sets an option itself; its class_path may be in another."""
    node = config
    for name in option.split("."):
        inside = node | (node.get("init_args") or {}) if isinstance(node, dict) else {}
        if name not in inside:
            return False
        node = inside[name]
    return True
