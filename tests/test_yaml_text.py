import pytest
import yaml

from tssd.yaml_text import DEEPEST, load_yaml


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1",
        "a: {b: [1, 2.5, null, true, text]}\nc: 'x'",
        "[007, 0x10, 0b11, 1_000, -3, 1e+3, 08, '010', 1e-3, 0.5]",
        "base: &b {x: 1}\nmore: {<<: *b, y: 2}\nlist: [*b, *b]",
        "a: {a: {a: 1}}",
        "1: one\n'1': text",
        "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1),
    ],
)
def test_plain_values_are_read_as_pyyaml_reads_them(text):
    assert load_yaml(text) == yaml.safe_load(text)


def bomb():
    """Nine levels of nine aliases: 9**9 values in 400 bytes."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


def chain():
    """Each anchor holds the one before: shallow as text, deep as a value."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000))]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", r"the key 'a' stands twice in one mapping, line 3"),
        ("x: {lr: 1, lr: 2}", "the key 'lr' stands twice"),
        ("a: [1", "while parsing a flow sequence"),
        ("a: !!python/object:os.system x", "could not determine a constructor for the tag"),
        ("!!python/name:os.system", "could not determine a constructor"),
        (bomb(), "more than 100000 values"),
        (chain(), "levels, aliases followed"),
        ("a: &a [*a]", r"the alias \*a stands inside of what it names"),
        ("a: &a {b: {c: *a}}", r"the alias \*a stands inside"),
        ("a: " + "[" * 10_000 + "]" * 10_000, "nested more than 50 levels"),
        ("\n".join(" " * n + "a:" for n in range(1000)), "nested more than 50 levels"),
        ("a: " + "9" * 5000, "a value that is none: Exceeds the limit"),
        ("a: 2024-13-45", "a value that is none: month must be in 1..12"),
        ("a: !!bool perhaps", "a value that is none: 'perhaps'"),
        ("a: !!timestamp never", "a value that is none: "),
        ("{[1]: 2}", "unhashable key"),
        ("seed: 010", "010 would be read as 8; write what is meant, line 1, column 7: seed: 010"),
        ("[1, -0_10]", "-0_10 would be read as -8"),
        ("epochs: 1:30", "1:30 would be read as 90"),
        ("lr: 1:30.5", "1:30.5 would be read as 90.5"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("a: \x00", "special characters are not allowed"),
    ],
)
def test_what_is_not_a_plain_value_is_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as error:
        load_yaml(text)
    assert "\n" not in str(error.value)
