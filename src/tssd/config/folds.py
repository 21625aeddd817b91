"""Parts that a recipe wants to fold for inference, and tells what prevents it."""

from typing import Any

from tssd.config.options import content
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.errors import UsageError


def check_folds(config: Config) -> None:
    """Refuse a neuron that has to fold and can't, before any data is read.

    Args:
        config: a recipe whose options are known to be right.
    Raises: UsageError: names the option, the part and the way out.
    """
    for section in ("net", "exits"):
        _check(section, config.get(section))


def _check(option: str, node: Any) -> None:
    if not isinstance(node, dict):
        return
    for name, value in content(node).items():
        _check(f"{option}.{name}", value)
    if not isinstance(path := node.get("class_path"), str):
        return
    check = getattr(load_object(path), "check_fold", None)
    if not callable(check):
        return
    given = content(node)
    try:
        check(**{name: given[name] for name in ("v_reset", "foldable") if name in given})
    except UsageError as error:
        raise UsageError(f"{option}.{error}") from error
