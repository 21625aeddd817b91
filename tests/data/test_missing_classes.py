import numpy as np

from tssd.data.missing_classes import missing_classes, tell_of_missing_classes

NAMES = tuple("abcdefgh")


def test_missing_classes_are_those_without_a_sample():
    assert missing_classes(np.array([1, 1, 3]), "abcd") == ["a", "c"]
    assert missing_classes(np.array([0, 1]), "ab") == []
    assert missing_classes(np.array([], dtype=np.int64), "ab") == ["a", "b"]


def test_missing_classes_are_told_unless_there_are_no_samples_at_all(caplog):
    tell_of_missing_classes("here", "test", np.array([0, 1]), "ab")
    tell_of_missing_classes("here", "test", np.array([], dtype=np.int64), "ab")
    assert not caplog.records
    tell_of_missing_classes("here", "test", np.array([1]), "ab")
    tell_of_missing_classes("here", "training", np.array([7]), NAMES)
    assert caplog.messages == [
        "here: no test samples of 1 of the 2 classes (a): no result says anything of them",
        "here: no training samples of 7 of the 8 classes (a, b, c, d, e and 2 more): they cannot "
        "be learnt",
    ]
