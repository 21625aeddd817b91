"""Recipes: a training run as a YAML file whose every value can be overridden."""

from tssd.config.build import build
from tssd.config.recipe import load_recipe, recipe_names

__all__ = ["build", "load_recipe", "recipe_names"]
