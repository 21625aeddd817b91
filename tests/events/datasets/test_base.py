import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from events.recordings import at
from tssd.errors import DataError
from tssd.events import FixedTime
from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, Reading
from tssd.events.datasets.sources import find_recordings
from tssd.events.formats.aedat2 import write_aedat2
from tssd.events.formats.five_byte import read_five_byte, write_five_byte
from tssd.events.formats.npz import write_npz


@dataclass(frozen=True)
class Blinks(EventFiles):
    """<class>/<n>.bin."""

    title = "Blinks"
    sensor = (4, 6)
    classes = ("slow", "fast")

    def find(self, folder, reading):
        found = find_recordings(
            folder,
            self.title,
            suffix=".bin",
            pattern=r"(?P<label>slow|fast)/(?P<id>[0-9]+)\.bin$",
            converted=r"(?P<label>slow|fast)/(?P<id>[0-9]+)\.npz$",
        )
        labels = np.array([self.classes.index(fields["label"]) for fields in found.fields])
        return Catalogue(self.recordings(found, reading), labels, self.classes)

    def read(self, file, reading):
        return read_five_byte(file.content(), height=4, width=6, strict=reading.strict)


class Unreadable(Blinks):
    read = EventFiles.read


EVENTS = at([5, 9], x=5, y=3, height=4, width=6)


def write(folder, *, npz=False):
    for name in ("fast", "slow"):
        place = folder / "events_np" / name if npz else folder / name
        place.mkdir(parents=True)
        (write_npz if npz else write_five_byte)(place / ("1.npz" if npz else "1.bin"), EVENTS)
    return folder


@pytest.mark.parametrize("npz", [False, True])
def test_recordings_come_with_the_reader_of_their_format(tmp_path, npz):
    found = Blinks().find(write(tmp_path, npz=npz), Reading())
    assert [r.name for r in found.recordings] == ["fast/1", "slow/1"]
    assert (found.labels.tolist(), found.test) == ([1, 0], None)
    for recording in found.recordings:
        (events,) = recording.read()
        assert (events.t.tolist(), events.x.tolist(), events.y.tolist()) == (
            [5, 9],
            [5] * 2,
            [3] * 2,
        )
        assert (events.height, events.width) == (4, 6)


def test_a_recording_of_ones_own_may_have_any_known_format(tmp_path):
    write(tmp_path)
    write_npz(tmp_path / "own.npz", EVENTS)
    for path in (tmp_path / "own.npz", tmp_path / "slow/1.bin"):
        own = Blinks().read_own(path, Reading())
        assert (own.t.tolist(), own.height, own.width) == ([5, 9], 4, 6)


def test_a_damaged_file_is_refused_if_reading_is_strict(tmp_path):
    path = write(tmp_path) / "fast/1.bin"
    path.write_bytes(path.read_bytes() + b"abc")
    assert len(Blinks().find(tmp_path, Reading()).recordings[0].read()[0]) == 2
    with pytest.raises(DataError, match="cut off: the last 3 bytes"):
        Blinks().find(tmp_path, Reading(strict=True)).recordings[0].read()


def test_a_data_set_without_downloads_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(DataError) as raised:
        Blinks().find(tmp_path, Reading())
    assert str(raised.value) == (
        f"Blinks: no recordings in {tmp_path}; correct --data.root, --data.folder or TSSD_DATA"
    )


def test_what_is_not_told_has_a_default_or_a_message(tmp_path):
    assert (Blinks().key(), Blinks().slicing) == ({}, FixedTime(10.0))
    with pytest.raises(NotImplementedError, match="Unreadable must implement read"):
        Unreadable().find(write(tmp_path), Reading()).recordings[0].read()


def test_recordings_are_found_read_and_simulated_without_torch():
    modules = "tssd.events.datasets.nmnist, tssd.events.cache, tssd.simulate.datasets"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_recording_of_another_camera_is_refused_as_damaged_ones_are(tmp_path):
    write_aedat2(tmp_path / "a.aedat", at([1, 2]))
    told = r"a\.aedat is of a camera with 128x128 pixels, expected 6x4: it is no recording of this"
    with pytest.raises(DataError, match=told):
        Blinks().read_own(tmp_path / "a.aedat", Reading())
