"""From sections of a recipe to objects."""

import re
from typing import Any

import yaml
from torch import nn

from tssd.config.load import check
from tssd.config.options import walk
from tssd.config.own_defaults import with_own_defaults
from tssd.config.recipe import Config
from tssd.config.schema import parse, parser
from tssd.errors import UsageError

# What torch and Lightning raise on values out of range.
REFUSALS = (ValueError, TypeError, RuntimeError, ArithmeticError)
# Sections that may be the user's own code, or refuse values in a way of their own.
FOREIGN = ("net", "callbacks", "logger")


def build_net(section: Config, weights: Config | None = None) -> nn.Module:
    """A network from sections of a resolved configuration.

    Args:
        section: `net`.
        weights: the section of that name; None = there is none.
    """
    config = {"net": section} | ({} if weights is None else {"weights": weights})
    check(config)
    net = make(config, "net")
    if weights is not None:
        make(config, "weights").put_into(net)
    return net


def make(config: Config, section: str) -> Any:
    """What a section describes. Raises: UsageError: a value out of range, with its option."""
    try:
        parsed = parse(with_own_defaults(config, [section]), [section])
        return parser([section]).instantiate(parsed)[section]
    except REFUSALS as error:
        raise located(error, config, section) from error
    except (Exception, SystemExit) as error:
        if section not in FOREIGN:
            raise
        raise UsageError(
            f"{section}: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from error


def located(error: Exception, config: Config, section: str) -> Exception:
    """The error with the full name of the option that it is about, where that is certain."""
    text = " ".join(str(error).split())
    if not isinstance(error, UsageError):
        return UsageError(f"{section}: {text}")
    if match := re.match(r"(\w+): got (.+?), ", text):
        name, found = match[1], yaml.safe_load(match[2])
        options = [
            option
            for option, value, _ in walk(config)
            if (option.endswith(f".{name}") and value == found)
            or (option.endswith(f".{name}s") and isinstance(value, list) and found in value)
        ]
        if len(options) == 1:
            return UsageError(options[0] + text.removeprefix(name))
    return error
