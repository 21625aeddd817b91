"""Recipes: a training run as a YAML file whose every value can be overridden."""

from typing import TYPE_CHECKING, Any

from tssd.config.pieces import recipe_names

if TYPE_CHECKING:
    from tssd.config.assemble import build, build_data
    from tssd.config.load import load_recipe

__all__ = ["build", "build_data", "load_recipe", "recipe_names"]


def __getattr__(name: str) -> Any:
    # What these import takes seconds, and listing recipes does without.
    if name in ("build", "build_data"):
        from tssd.config import assemble

        return getattr(assemble, name)
    if name == "load_recipe":
        from tssd.config.load import load_recipe

        return load_recipe
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
