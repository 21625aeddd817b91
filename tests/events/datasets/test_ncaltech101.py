import pytest

from events.recordings import at
from tssd.errors import DataError
from tssd.events.datasets.catalogue import Reading
from tssd.events.datasets.ncaltech101 import NCaltech101Files
from tssd.events.formats.five_byte import write_five_byte

PART = Reading(allow_incomplete=True)


def found_in(folder, reading=PART):
    for name, count in {"accordion": 2, "BACKGROUND_Google": 1}.items():
        (folder / name).mkdir()
        for n in range(count):
            write_five_byte(folder / name / f"image_{n + 1:04}.bin", at([n], height=180, width=240))
    return NCaltech101Files().find(folder, reading)


def test_classes_are_the_folders_and_there_is_no_official_split(tmp_path):
    found = found_in(tmp_path)
    assert found.class_names == ("BACKGROUND_Google", "accordion")
    assert (found.labels.tolist(), found.test) == (
        [1, 1, 0],
        None,
    )  # files in the order of their names, without case
    assert found.recordings[1].read()[0].t.tolist() == [1]


def test_missing_classes_and_recordings_are_counted(tmp_path):
    with pytest.raises(DataError, match=r"classes: 2 of 101; recordings: 3 of 8709\); complete"):
        found_in(tmp_path, Reading())


def test_nothing_there_says_what_to_get(tmp_path):
    with pytest.raises(DataError, match=r"get Caltech101\.zip \(about 3\.5 GB, md5 66201824eabb0"):
        NCaltech101Files().find(tmp_path, PART)
