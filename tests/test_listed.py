import pytest

from tssd.listed import and_dots, and_more, and_total

NAMES = {"cat": 1, "dog": 2, "owl": 3}


@pytest.mark.parametrize("said", [and_more, and_dots, and_total])
def test_as_many_names_as_there_is_room_for_are_only_listed(said):
    assert said(NAMES, 3) == "cat, dog, owl"
    assert said([], 3) == ""


def test_of_more_names_it_is_said_that_there_are_others():
    assert and_more(NAMES, 2) == "cat, dog and 1 more"
    assert and_more(NAMES, 1, between="; ") == "cat and 2 more"
    assert and_more(NAMES, 2, between="; ") == "cat; dog and 1 more"
    assert and_dots(NAMES, 2) == "cat, dog, ..."
    assert and_total(NAMES, 2) == "cat, dog, ... (3 in all)"
