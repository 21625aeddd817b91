"""YAML as our files use it: plain values, every key once, and never larger than it looks."""

from typing import Any

import yaml

# Levels of nesting, and values with those behind aliases counted each time: far above any file of
# ours, and far below what Python or the memory can take.
DEEPEST, LARGEST = 50, 100_000


def load_yaml(text: str) -> Any:
    """The value of a YAML document; stricter than `yaml.safe_load`, otherwise the same.

    Raises: ValueError: in one line, why it is none: not YAML, a key that stands twice in a mapping
        (one of the two would silently be lost), a tag, too deep, too large by its aliases, or a
        number that is read as another than it looks like.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        text = str(error).replace('\n  in "<unicode string>"', "")
        raise ValueError(" ".join(text.split())) from None
    except Exception as error:  # PyYAML lets through what int and dates raise, KeyError and more
        raise ValueError(f"a value that is none: {' '.join(str(error).split())}") from None


class _Loader(yaml.SafeLoader):
    """Counts what it composes, before anything is built from it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.level = 0
        # Of each finished node: how many values it stands for, and how deep they go.
        self.extent: dict[yaml.Node, tuple[int, int]] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node, once it is known to be neither too deep nor too large."""
        event = self.peek_event()
        self.level += 1
        if self.level > DEEPEST:
            raise _refusal(f"nested more than {DEEPEST} levels deep", event)
        node: Any = super().compose_node(parent, index)
        self.level -= 1
        if isinstance(event, yaml.AliasEvent):
            if node not in self.extent:  # it is not finished: the alias stands inside
                raise _refusal(f"the alias *{event.anchor} stands inside of what it names", event)
            return node
        inside = [self.extent[child] for child in _children(node)]
        size = 1 + sum(size for size, _ in inside)
        depth = 1 + max((depth for _, depth in inside), default=0)
        if depth > DEEPEST or size > LARGEST:
            raise _refusal(
                f"more than {LARGEST} values or {DEEPEST} levels, aliases followed", event
            )
        self.extent[node] = (size, depth)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A dict, if no key stands twice."""
        seen = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise _refusal(f"the key {key.value!r} stands twice in one mapping", key)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep=deep)


def _number(loader: _Loader, node: yaml.ScalarNode) -> int | float:
    """A number as it looks; not 010, which is octal, nor 1:30, which has the base 60."""
    is_int = node.tag.endswith(":int")
    value = loader.construct_yaml_int(node) if is_int else loader.construct_yaml_float(node)
    digits = node.value.replace("_", "")
    if ":" in digits or (digits.lstrip("+-").isdecimal() and int(digits) != value):
        raise _refusal(f"{node.value} would be read as {value}; write what is meant", node)
    return value


for _tag in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _number)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _refusal(problem: str, at: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, at.start_mark)
