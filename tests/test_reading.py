import json
import os

import pytest

from tssd.errors import DataError
from tssd.reading import DEEPEST, read_json, read_yaml, yaml_value

READERS = {"a.json": read_json, "a.yaml": read_yaml}
PLAIN = {"a": [1, 2.5, None, True, "text"], "b": {"c": {}}}


@pytest.mark.parametrize("name", READERS)
def test_what_is_sound_is_read(tmp_path, name):
    path = tmp_path / name
    path.write_text(json.dumps(PLAIN))  # which is YAML, too
    assert READERS[name](path) == PLAIN
    with pytest.raises(FileNotFoundError):
        READERS[name](tmp_path / "gone")


def nested(levels):
    return '{"a": ' * (levels - 1) + "{}" + "}" * (levels - 1)


def laughs(levels):
    """A kilobyte that stands for 9 ** levels values."""
    lines = ["a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def merges(levels):
    lines = ["a0: &a0 {k: 0}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "damaged ("),
        (b"", "damaged ("),
        (b"\xff\xfe{}", "codec can't decode"),
        (b"\0", "damaged ("),
        (b"[1]", "it holds no mapping"),
        (b"null", "it holds no mapping"),
        (nested(DEEPEST + 1).encode(), "nested deeper than 100 levels"),
        (nested(10_000).encode(), "nested deeper than 100 levels"),
        (b"[" * 100_000, "damaged ("),
        (b'{"a": ' + b"9" * 5000 + b"}", "damaged (Exceeds the limit"),
    ],
)
def test_damage_is_one_line(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        READERS[name](path, remedy="do this")
    message = str(error.value)
    assert message.startswith(f"{path}: damaged (")
    assert reason in message
    assert message.endswith("; do this")
    assert "\n" not in message


def test_as_deep_as_is_allowed(tmp_path):
    (tmp_path / "a.json").write_text(nested(DEEPEST))
    read_json(tmp_path / "a.json")
    assert yaml_value(nested(DEEPEST))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda p: p.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_waited_for(tmp_path, make):
    make(tmp_path / "a.json")
    with pytest.raises(DataError, match="it is no file"):
        read_json(tmp_path / "a.json")


def test_a_file_too_large_is_not_parsed(tmp_path):
    (tmp_path / "a.yaml").write_text(f"a: {'x' * (1 << 18)}")
    with pytest.raises(DataError, match="larger than 256 KiB"):
        read_yaml(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (laughs(12), "more than 100000 lists and mappings"),
        (merges(12), "more than 100000 lists and mappings"),
        ("a: &a [*a]", "nested deeper than 100 levels"),
        ("1: 2", "the key 1 is not text"),
        ("a: {on: 2}", "the key True is not text"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("!!bool maybe", "maybe"),
        ("!!timestamp soon", "groupdict"),
        ("!!int x", "invalid literal"),
        ("{}: {[1]: 2}", "unhashable"),
        ("a: 1\n---\nb: 2", "expected a single document"),
    ],
)
def test_yaml_has_more_ways_to_go_wrong(text, reason):
    with pytest.raises(ValueError, match=reason) as error:
        yaml_value(text)
    assert "\n" not in str(error.value)


def test_yaml_references_are_fine_in_reason():
    assert yaml_value("a: &x {k: 1}\nb: {<<: *x, l: 2}") == {"a": {"k": 1}, "b": {"k": 1, "l": 2}}
    assert yaml_value("") is None
