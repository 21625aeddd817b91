import sys
from pathlib import Path

import pytest

from tssd.errors import UsageError
from tssd.hub.locate import located
from tssd.hub.shipped import FOLDER


def test_paths_stay_and_names_become_folders(tmp_path):
    assert located(tmp_path) == tmp_path
    assert located("runs/mine") == Path("runs/mine")
    assert located("hub:digits-vgg9") == FOLDER / "digits-vgg9"


def test_a_network_that_does_not_come_with_tssd_is_said_with_those_that_do():
    with pytest.raises(UsageError, match=r"^hub:digit: no such network comes .* digits-vgg9"):
        located("hub:digit")


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UsageError, match=r"^hub:jane/net: .*pip install 'tssd\[hub\]'$"):
        located("hub:jane/net")


def test_a_network_of_a_hub_is_fetched(hub):
    from hub.stand_in import Repository

    hub.repositories["jane/net"] = Repository()
    files = {"config.yaml": b"a: 1", "model.json": b"{}", "model.safetensors": b"x"}
    hub.repositories["jane/net"].commit(files)
    folder = located("hub:jane/net")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
