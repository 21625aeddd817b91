from tssd.report.method_labels import LONGEST, labels, short_descriptions, split_names


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
