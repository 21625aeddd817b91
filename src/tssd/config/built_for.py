"""Parts that a recipe builds for fewer timesteps than it trains for."""

from typing import Any

from tssd.config.options import content
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.errors import UsageError


def check_built_for(config: Config) -> None:
    """Refuse a part with parameters for each timestep that is told to have too few of them.

    Args:
        config: a recipe whose options are known to be right.
    Raises: UsageError: names the part and T_t.
    """
    teacher = content(config.get("timesteps")).get("teacher")
    if not isinstance(teacher, int):
        return  # which is told as that option's mistake
    for section in ("net", "exits"):
        _check(section, config.get(section), teacher)


def _check(option: str, node: Any, teacher: int) -> None:
    if not isinstance(node, dict):
        return
    for name, value in content(node).items():
        _check(f"{option}.{name}", value, teacher)
    built, path = content(node).get("timesteps"), node.get("class_path")
    if type(built) is not int or not isinstance(path, str) or built >= teacher:
        return
    if hasattr(load_object(path), "build_for"):
        raise UsageError(
            f"{option}.timesteps: got {built}, so that {path.rpartition('.')[2]} is built for "
            f"{built} timesteps, but timesteps.teacher is {teacher}; leave {option}.timesteps out, "
            f"which is T_t then, or train for --timesteps.teacher {built}"
        )
