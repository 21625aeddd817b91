import os
from pathlib import Path

import pytest

from tssd.errors import UsageError
from tssd.runs.folder_place import refuse_name


def test_names_that_can_be_written_are_left_alone(tmp_path):
    (tmp_path / "file").touch()
    for name in ("new", "new/below", "café", "x" * 255, "file"):
        refuse_name(tmp_path / name)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["caf\udce9", "caf\udce9/seed0"])
def test_a_name_that_is_no_utf_8_is_refused(name):
    with pytest.raises(UsageError) as caught:
        refuse_name(Path(name))
    assert str(caught.value).startswith(r"caf\udce9")
    assert "not a name in UTF-8" in str(caught.value)
    assert str(caught.value).endswith("; choose another --output")


@pytest.mark.parametrize("name", ["x" * 300, "runs/" + "é" * 150 + "/seed0"])
def test_a_name_that_is_too_long_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"longest part has 300 bytes, most take 255\); choose a "):
        refuse_name(tmp_path / name)
