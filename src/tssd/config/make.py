"""From sections of a recipe to objects."""

import re
from contextlib import suppress
from typing import Any

import yaml
from jsonargparse import Namespace
from torch import nn

from tssd.config.load import check
from tssd.config.options import walk
from tssd.config.own_defaults import with_own_defaults
from tssd.config.recipe import Config
from tssd.config.schema import parse, parser
from tssd.errors import UsageError
from tssd.yaml_text import load_yaml

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
    return Maker().make(config, section)


class Maker:
    """Makes what sections describe; parses one anew only where it has changed.

    A recipe is built in steps that each know more of it, and parsing takes longer than making.
    """

    def __init__(self) -> None:
        self._parsed: dict[str, tuple[str, Namespace]] = {}

    def make(self, config: Config, section: str) -> Any:
        """See `make`, which makes one section alone."""
        try:
            return parser([section]).instantiate(self._parse(config, section))[section]
        except REFUSALS as error:
            raise located(error, config, section) from error
        except (Exception, SystemExit) as error:
            if section not in FOREIGN:
                raise
            raise UsageError(
                f"{section}: {type(error).__name__}: {' '.join(str(error).split())}"
            ) from error

    def written(self, config: Config, section: str) -> Any:
        """A section with its defaults, as plain YAML values. Raises: UsageError: as `parse`."""
        # Null is kept, and what was parsed is not checked again.
        options = {"skip_unset": False, "skip_validation": True}
        text = parser([section]).dump(self._parse(config, section), "yaml", **options)
        return yaml.safe_load(text)[section]

    def _parse(self, config: Config, section: str) -> Namespace:
        filled = with_own_defaults(config, [section])
        # Not the mapping: in one, 1 and True are equal.
        key = repr(filled)
        known, parsed = self._parsed.get(section, (None, None))
        if parsed is None or known != key:
            parsed = parse(filled, [section])
            self._parsed[section] = key, parsed
        return parsed


def located(error: Exception, config: Config, section: str) -> Exception:
    """The error with the full name of the option that it is about, where that is certain."""
    text = " ".join(str(error).split())
    if not isinstance(error, UsageError):
        return UsageError(f"{section}: {text}")
    if match := re.match(r"(\w+): got (.+?), ", text):
        name, found = match[1], match[2]
        with suppress(ValueError):  # a list, or text with a comma, of which this is the beginning
            found = load_yaml(found)
        options = [
            option
            for option, value, _ in walk(config)
            # Python writes infinity and NaN as YAML does not.
            if (option.endswith(f".{name}") and (value == found or str(value) == match[2]))
            or (option.endswith((f".{name}", f".{name}s")) and _holds(value, found))
        ]
        if len(options) == 1:
            return UsageError(options[0] + text.removeprefix(name))
    return error


def _holds(value: Any, found: Any) -> bool:
    return isinstance(value, list) and found in value
