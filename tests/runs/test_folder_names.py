from pathlib import Path, PurePosixPath

import pytest

from tssd.errors import UsageError
from tssd.runs.folder_names import LONGEST, folder_name, refuse_shared

A = [("data.root", "../../a")]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("digits/tssd", [], "digits/tssd"),
        ("own-1.5 (x)", [], "own-1.5 (x)"),
        ("a/b", [("x", "[1, 2]"), ("y.z", "-1e-3")], "a/b,x=[1, 2],y.z=-1e-3"),
        ("modèle", [], "modèle"),
    ],
)
def test_harmless_names_stay(name, options, expected):
    assert folder_name(name, options) == expected


HARMFUL = [
    ("..", []), (".", []), ("", []), ("/etc", []), ("a/../b", []), ("a//b", []), (".git/x", []),
    ("a\0b", []), ("a\nb", []), ("a\\..\\b", []), ("C:x", []), ("x.", []), ("x ", []), ("~a", []),
    ("a~0123456789ab", []), ("a=b", []), ("a,b=c", []), ("a" * (LONGEST + 1), []), ("\ud800", []),
    ("é" * LONGEST, []), ("a", [("data.root", "/x")]), ("a", A), ("a", [("b", "..")]),
    ("a", [("b", "")]), ("a", [("b", "1,c=2")]), ("a", [("b", "1"), ("c", "x" * LONGEST)]),
    ("../a", [("b", "1")]), ("a", [("../b", "1")]), ("a", [("b", "%2e%2e")]), ("..yaml", A),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), HARMFUL)
def test_others_get_one_part_with_a_hash(name, options):
    found = folder_name(name, options)
    assert PurePosixPath(found).parts == (found,)
    assert found.isascii()
    assert found[0] not in "." and found[-13] == "~"
    assert len(found) < 60


def test_no_two_have_one_name():
    all_of_them = [*HARMFUL, ("a", [("b", "1"), ("c", "2")]), ("a,b=1", [("c", "2")])]
    assert len({folder_name(*one) for one in all_of_them}) == len(all_of_them)


def test_the_same_stays_the_same():
    assert folder_name("a", A) == folder_name("a", tuple(A)) == "a-data.root-a~7f655c81751a"


@pytest.mark.parametrize(
    ("one", "other"), [("a/b", "a/b"), ("a/B", "A/b"), ("a/\u00e9", "a/e\u0301"), ("ß/x", "SS/x")]
)
def test_shared_folders_are_refused_also_where_case_does_not_count(one, other):
    with pytest.raises(UsageError, match="first and second would share the folder"):
        refuse_shared([(Path(one), "first"), (Path(other), "second")])


def test_a_folder_inside_another_is_refused():
    with pytest.raises(UsageError, match="of second would be inside that of first, a/seed0;"):
        refuse_shared([(Path("A/seed0/b/seed0"), "second"), (Path("a/seed0"), "first")])
    refuse_shared([(Path("a/seed0"), "x"), (Path("a/seed1"), "y"), (Path("a/seed0"), "x")])
