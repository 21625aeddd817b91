from pathlib import Path

import pytest

from tssd.errors import UsageError
from tssd.hub.name import HubName, is_hub_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hub:digits-vgg9", HubName("digits-vgg9")),
        ("hub:jane/net", HubName("net", "jane")),
        ("jane/net_2.0", HubName("net_2.0", "jane")),
        ("hub:jane/net@v1.0", HubName("net", "jane", "v1.0")),
        ("hub:jane/net@refs/pr/3", HubName("net", "jane", "refs/pr/3")),
        ("hub:j/n", HubName("n", "j")),
    ],
)
def test_a_name_is_read_and_written(text, name):
    assert HubName.parse(text) == name
    assert HubName.parse(str(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        *("hub:", "hub:/net", "hub:jane/", "hub:a/b/c", "hub:../net", "hub:jane/..", "hub:-net"),
        *("hub:jane/net.", "hub:a--b/net", "hub:jane/net.git", "hub:jane/net@", "hub:net@v1"),
        *(
            "hub:jane/net@a..b",
            "hub:jane/net@-f",
            "hub:jane/n\u00e9t",
            "hub:jane/a b",
            f"hub:{'n' * 97}",
        ),
    ],
)
def test_what_is_no_name_is_refused(text):
    # Other rules than those of the hub's own library only where that is stricter.
    with pytest.raises(UsageError, match=r"expected hub:NAME of those that `tssd hub` lists"):
        HubName.parse(text)


def test_names_that_are_taken_are_taken_by_the_library_too():
    utils = pytest.importorskip("huggingface_hub.utils")
    for text in ("jane/net_2.0", "j/n", "_jane/net", f"jane/{'n' * 91}"):
        utils.validate_repo_id(HubName.parse(text).repository)


def test_a_path_is_no_name():
    assert is_hub_name("hub:jane/net")
    assert is_hub_name(Path("hub:jane/net"))  # as options of recipes keep it
    assert not is_hub_name("runs/hub:x")
