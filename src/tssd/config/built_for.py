"""Parts that a recipe builds for fewer timesteps than it trains for."""

from tssd.config.options import content, parts
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
    for option, path, given in parts(config):
        built = given.get("timesteps")
        if (
            type(built) is not int
            or built >= teacher
            or not hasattr(load_object(path), "build_for")
        ):
            continue
        raise UsageError(
            f"{option}.timesteps: got {built}, so that {path.rpartition('.')[2]} is built for "
            f"{built} timesteps, but timesteps.teacher is {teacher}; leave {option}.timesteps out, "
            f"which is T_t then, or train for --timesteps.teacher {built}"
        )
