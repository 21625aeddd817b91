"""JSON and YAML that somebody else may have written or damaged, read with bounds.

What a file can do to its reader: nest until Python's recursion ends, refer to itself, grow from a
kilobyte to gigabytes by references, or be no file at all. Each is refused in one line.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from tssd.errors import DataError

# Far above what a run writes (results of 1000 classes take 10 MB, a configuration 3 kB), and below
# what would take long or much memory.
LARGEST_JSON, LARGEST_YAML = 64 << 20, 256 << 10
DEEPEST = 100
TOO_DEEP = f"nested deeper than {DEEPEST} levels"
# Lists and mappings, with what is referred to counted again each time.
MOST = 100_000
NESTED = (dict, list, yaml.CollectionNode)

RESTORE = "restore it or train again into another folder"


def read_json(path: Path, *, remedy: str = RESTORE) -> dict[str, Any]:
    """The mapping that a JSON file holds.

    Args:
        path: of the file.
        remedy: what to do about a damaged one, for the message.
    Raises: FileNotFoundError: there is none. DataError: it cannot be read, or holds no mapping, or
        is nested deeper than 100 levels.
    """
    return _read(path, LARGEST_JSON, json.loads, remedy)


def read_yaml(path: Path, *, remedy: str = RESTORE) -> dict[str, Any]:
    """The mapping that a YAML file holds; see `read_json`. Its keys are text at every level."""
    return _read(path, LARGEST_YAML, yaml_value, remedy)


def yaml_value(text: str) -> Any:
    """The plain value that a YAML text stands for.

    Raises: ValueError: it is no YAML, deeper than 100 levels, too large with its references
        followed, or has a key that is not text.
    """
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # of characters that YAML does not have
        raise ValueError(one_line(error)) from error
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        # Before anything is made of it: references within references grow without end.
        _check(node, _below_node)
        value = loader.construct_document(node)
    except ValueError:
        raise
    except Exception as error:  # PyYAML lets KeyError, AttributeError and more through
        raise ValueError(one_line(error)) from error
    finally:
        loader.dispose()
    _check(value, _below)
    return value


class _Loader(yaml.SafeLoader):
    """Stops where it is too deep, instead of at the end of Python's recursion."""

    level = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.level += 1
        if self.level > DEEPEST:
            raise ValueError(TOO_DEEP)
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


def one_line(error: object) -> str:
    """An error's text on one line; its kind where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def _read(path: Path, largest: int, parse: Callable[[str], Any], remedy: str) -> dict[str, Any]:
    try:
        content = parse(_text(path, largest))
        _check(content, _below)
        if not isinstance(content, dict):
            raise ValueError("it holds no mapping")
    except FileNotFoundError:
        raise
    except RecursionError:
        reason = TOO_DEEP
    except (OSError, ValueError, MemoryError) as error:
        reason = one_line(error)
    else:
        return content
    raise DataError(f"{path}: damaged ({reason}); {remedy}")


def _text(path: Path, largest: int) -> str:
    # A pipe would make its reader wait, and a device has no end.
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    with path.open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"larger than {largest >> 10} KiB")
    return content.decode("utf-8")


def _check(top: Any, below: Callable[[Any], Iterable[Any]]) -> None:
    """Refuse what is nested too deep or too large. Raises: ValueError."""
    waiting, count = [(top, 1)], 0
    while waiting:
        item, depth = waiting.pop()
        if not isinstance(item, NESTED):
            continue
        count += 1
        if depth > DEEPEST:
            raise ValueError(TOO_DEEP)
        if count > MOST:
            raise ValueError(f"more than {MOST} lists and mappings")
        # Plain values are most of a file, and need no turn.
        waiting += [(child, depth + 1) for child in below(item) if isinstance(child, NESTED)]


def _below(value: dict[Any, Any] | list[Any]) -> Iterable[Any]:
    if isinstance(value, list):
        return value
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"the key {key!r} is not text; write it in quotes")
    return value.values()


def _below_node(node: yaml.CollectionNode) -> Iterable[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return (child for pair in node.value for child in pair)
    return node.value
