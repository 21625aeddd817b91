import pytest

from tssd.config.pieces import aliases
from tssd.errors import UsageError
from tssd.report.method_labels import (
    CONTROLS,
    LONGEST,
    control_of,
    labels,
    method_named,
    short_descriptions,
    split_names,
    without_shared,
)
from tssd.runs.folder_names import folder_name


def test_names_lose_the_folders_that_all_have():
    assert split_names(["a/b/x", "a/b/y"]) == ("a/b", ["x", "y"])
    assert split_names(["a/x", "b/x"]) == ("", ["a/x", "b/x"])
    assert split_names(["x"]) == ("", ["x"])


def test_descriptions_lose_the_beginning_that_all_have():
    assert short_descriptions(["d, TSSD, T_s = 1", "d, vanilla"]) == ["TSSD, T_s = 1", "vanilla"]
    assert short_descriptions(["d, TSSD"]) == ["d, TSSD"]
    assert short_descriptions(["same", "same"]) == ["", ""]
    assert short_descriptions(["", "a, b"]) == ["", "a, b"]


def test_long_ones_are_cut_and_line_breaks_are_spaces():
    (found,) = short_descriptions(["x" * 1000])
    assert len(found) == LONGEST
    assert short_descriptions(["a\nb"]) == ["a b"]


def test_equal_descriptions_are_told_apart_by_their_names():
    assert labels(["d/a", "d/b"], ["m, x", "m, x"]) == ["a", "b"]
    assert labels(["d/a", "d/b", "d/c"], ["x", "x", "y"]) == ["x (a)", "x (b)", "y (c)"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["d+vgg9+tssd", "d+vgg9+control"], ("d+vgg9", ["tssd", "control"])),
        (["r/d+vgg9+a", "r/d+vgg9+b"], ("r/d+vgg9", ["a", "b"])),
        (["d+vgg9+a", "d+net+a"], ("d+a", ["vgg9", "net"])),
        (["d+vgg9", "d+vgg9+t8"], ("", ["d+vgg9", "d+vgg9+t8"])),
        (["d+a", "x/d+b"], ("", ["d+a", "x/d+b"])),
        (["d/a", "d/b"], ("d", ["a", "b"])),
        (["d+a"], ("", ["d+a"])),
    ],
)
def test_compositions_lose_the_pieces_that_all_have(names, expected):
    assert without_shared(names) == expected


def test_a_control_is_one_by_its_name():
    for name in ("control", "d/control", "d+vgg9+small+control", "my/control.yaml"):
        assert control_of(name) == "control"
    for name in ("control_exit", "d+vgg9+control_exit+if"):
        assert control_of(name) == "control_exit"
    for name in ("control/tssd", "d+tssd", "d/vgg9_tssd", "d+tssd,init=control"):
        assert control_of(name) is None


@pytest.mark.parametrize("own", CONTROLS)
def test_a_control_is_one_in_the_folders_that_commands_make(own):
    assert control_of(folder_name(f"d+vgg9+{own}", [("timesteps.student", "1")])) == own
    assert control_of(folder_name(f"d+vgg9+{own}", [("data.root", "../x")])) == own
    assert control_of(f"runs/{folder_name(f'd/vgg9_{own}')}") == own


def test_every_alias_of_a_control_is_one():
    found = {name: words.rpartition("+")[2] for name, words in aliases().items()}
    for name, method in found.items():
        assert control_of(name) == (method if method in CONTROLS else None), name
    assert set(CONTROLS) <= set(found.values())


def test_a_method_is_named_by_its_end():
    names = ["d+vgg9+control", "d+vgg9+tssd", "x/tssd"]
    assert method_named("control", names, "against") == "d+vgg9+control"
    assert method_named("vgg9+tssd", names, "against") == "d+vgg9+tssd"
    assert method_named("x/tssd", names, "against") == "x/tssd"
    runs = ["d+vgg9+control,timesteps.student=1", "d+vgg9+control_exit,timesteps.student=1"]
    assert method_named("control", runs, "against") == runs[0]
    for wrong, problem in (("tssd", "fits several of"), ("ssd", "is none of")):
        with pytest.raises(UsageError, match=f"^--against: '{wrong}' {problem} the methods d"):
            method_named(wrong, names, "against")
