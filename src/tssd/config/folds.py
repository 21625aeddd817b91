"""Parts that a recipe wants to fold for inference, and tells what prevents it."""

from tssd.config.options import parts
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.errors import UsageError


def check_folds(config: Config) -> None:
    """Refuse a neuron that has to fold and can't, before any data is read.

    Args:
        config: a recipe whose options are known to be right.
    Raises: UsageError: names the option, the part and the way out.
    """
    for option, path, given in parts(config):
        check = getattr(load_object(path), "check_fold", None)
        if not callable(check):
            continue
        try:
            check(**{name: given[name] for name in ("v_reset", "foldable") if name in given})
        except UsageError as error:
            raise UsageError(f"{option}.{error}") from error
