"""What a new class leaves behind, said aloud: its own defaults count, not the old arguments."""

from collections.abc import Sequence
from typing import Any

from tssd.config.options import content, in_yaml, parameters
from tssd.config.paths import load_object
from tssd.config.recipe import Config, Replaced
from tssd.config.types import MISSING, as_node

# Arguments that a run fills in for any class that has them.
FROM_DATA = {"net": {"in_channels", "num_classes", "image_size"}, "data": {"seed"}}


def lines(replaced: Sequence[Replaced], config: Config) -> list[str]:
    """One line for each class that took the place of another, if something of that one is lost.

    Args:
        replaced: what was replaced by what.
        config: the recipe that came out.
    """
    found = (_line(change, config) for change in replaced)
    return [line for line in dict.fromkeys(found) if line]


def _line(change: Replaced, config: Config) -> str:
    now = _at(config, change.option)
    if not isinstance(now, dict) or "class_path" not in now:
        return ""  # replaced again since, or removed
    old_path, new_path = change.old["class_path"], now["class_path"]
    old, new = parameters(load_object(old_path)), parameters(load_object(new_path))
    given = content(now)
    lost = {
        name: in_yaml(value)
        for name, value in content(change.old).items()
        if name not in given
        and name not in FROM_DATA.get(change.option, ())
        and not (name in old and _is_default(old[name].default, value))
    }
    if not lost or old_path == new_path:
        return ""
    own = {name: in_yaml(new[name].default) for name in lost if name in new}
    own = {name: text for name, text in own.items() if new[name].default is not MISSING}
    dropped = f"{old_path}'s {_listed(lost)} {'is' if len(lost) == 1 else 'are'} dropped"
    takes = f"{new_path.rpartition('.')[2]} takes its own defaults ({_listed(own)}); "
    source = f"{change.source}: " if change.source else ""
    return f"{source}{change.option}: {takes if own else ''}{dropped}"


def _at(config: Config, option: str) -> Any:
    node: Any = config
    for name in option.split("."):
        node = content(node).get(name)
    return {"class_path": node} if isinstance(node, str) else node


def _is_default(default: Any, value: Any) -> bool:
    if isinstance(value, dict) and isinstance(default, type):
        return as_node(type, default) == value
    if isinstance(default, tuple):
        default = list(default)
    return default is not MISSING and bool(default == value)


def _listed(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {text}" for name, text in values.items())
