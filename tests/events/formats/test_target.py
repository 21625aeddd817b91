import dataclasses
import os
import stat

import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.formats.target import replacing, require_fits

from .recordings import of, with_times

SOUND = of([1, 2, 3], [0, 5, 127], [0, 6, 99], [0, 1, 1])


def fits(events):
    require_fits(events, form="the format", latest=1000, size=(100, 128))


def test_the_file_is_there_whole_with_the_usual_rights(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]
    beside = tmp_path / "b"
    beside.write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(beside.stat().st_mode)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_the_old_file_stays_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_missing_folder_is_our_error(tmp_path):
    with (
        pytest.raises(DataError, match=r"a\.bin cannot be written \(No such file.*folder exists"),
        replacing(tmp_path / "no" / "a.bin"),
    ):
        pass


def test_a_disk_without_room_is_our_error_and_leaves_nothing(tmp_path):
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with (
            pytest.raises(DataError, match=r"a\.bin cannot be written \(File too large\).*space"),
            replacing(tmp_path / "a.bin") as file,
        ):
            file.write(b"\0" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_what_fits_passes():
    fits(SOUND)
    fits(of([], [], [], []))
    fits(of([0, 1000], [0, 127], [0, 99], [0, 1]))


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (of([1], [128], [0], [0]), r"x from 128 to 128, the format holds 0 to 127: "),
        (of([1], [0], [100], [0]), r"y from 100 to 100, the format holds 0 to 99: "),
        (of([1], [0], [0], [2]), r"p from 2 to 2, the format holds 0 to 1: "),
        (of([1001], [0], [0], [1]), r"t from 1001 to 1001, the format holds 0 to 1000: "),
        (of([-1], [0], [0], [1]), r"t from -1 to -1, the format holds 0 to 1000: "),
        (with_times(SOUND, [1, 3, 2]), "not in order of time"),
        (dataclasses.replace(SOUND, x=np.zeros(2, np.uint16)), r"have \[2, 3\] entries"),
    ],
)
def test_what_does_not_fit_is_refused(events, message):
    with pytest.raises(UsageError, match=message):
        fits(events)
