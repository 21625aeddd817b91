"""Whatever the bytes: a sound recording or our own error, in every reader."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tssd.errors import DataError
from tssd.events.formats.aedat2 import read_aedat2, write_aedat2
from tssd.events.formats.aedat3 import read_aedat3, write_aedat3
from tssd.events.formats.csv_table import read_csv
from tssd.events.formats.five_byte import read_five_byte, write_five_byte
from tssd.events.formats.gesture_labels import COLUMNS, read_labels
from tssd.events.formats.npy import read_npy
from tssd.events.formats.npz import read_npz
from tssd.events.formats.prophesee import read_prophesee

from .prophesee_files import dat, evt2_words, evt3_words, raw, rows_of
from .recordings import DTYPES, FIELDS, assert_same, of, recording
from .test_npy import saved, structured

quick = settings(derandomize=True, deadline=None, max_examples=100, database=None)


def written(folder, write, events, **options):
    write(folder / "a", events, **options)
    return (folder / "a").read_bytes()


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A small sound file of each kind."""
    folder = tmp_path_factory.mktemp("originals")
    buffer, events = io.BytesIO(), recording(20, side=34)
    np.savez_compressed(buffer, **{key: getattr(events, key) for key in FIELDS})
    return {
        "aedat2": written(folder, write_aedat2, recording(20)),
        "aedat3": written(folder, write_aedat3, recording(20, latest=2**33), packet=6),
        "five_byte": written(folder, write_five_byte, events),
        "npz": buffer.getvalue(),
        "npy": saved(structured(events)),
        "csv": b"t,x,y,p\n" + b"".join(b"%d,%d,%d,%d\n" % row for row in rows_of(events)),
        "dat": dat(rows_of(events), size=(34, 34)),
        "evt2": raw(evt2_words(rows_of(events)), form="EVT2", size=(34, 34)),
        "evt3": raw(evt3_words(rows_of(recording(20, latest=9_000))), form="EVT3"),
        "labels": f"{COLUMNS}\n1,5,900\n8,950,2000\n8,2001,3000\n".encode(),
    }


READERS = {
    "aedat2": lambda data: read_aedat2(data),
    "aedat3": lambda data: read_aedat3(data),
    "five_byte": lambda data: read_five_byte(data, height=None, width=None),
    "npz": lambda data: read_npz(data, height=34, width=34),
    "npy": lambda data: read_npy(data, height=34, width=34),
    "csv": lambda data: read_csv(data, height=34, width=34),
    "dat": lambda data: read_prophesee(data),
    "evt2": lambda data: read_prophesee(data),
    "evt3": lambda data: read_prophesee(data),
}


def assert_sound(events):
    for key in FIELDS:
        values = getattr(events, key)
        assert values.dtype == DTYPES[key]
        assert values.shape == (len(events),)
    assert (np.diff(events.t) >= 0).all()
    assert (events.x < events.width).all()
    assert (events.y < events.height).all()
    assert (events.p <= 1).all()
    assert len(events) or events.notes


@st.composite
def damage(draw):
    """How to change bytes: a list of (place from 0 to 1, bytes to drop, bytes to put there)."""
    steps = st.tuples(
        st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40) | st.just(b"\xff" * 4)
    )
    return draw(st.lists(steps, min_size=1, max_size=4))


def damaged(data, steps):
    for place, drop, put in steps:
        begin = int(place * len(data))
        data = data[:begin] + put + data[begin + drop :]
    return data


@pytest.mark.parametrize("form", READERS)
@given(steps=damage())
@quick
def test_a_damaged_recording_is_sound_or_refused(originals, form, steps):
    try:
        events = READERS[form](damaged(originals[form], steps))
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert_sound(events)


@pytest.mark.parametrize("form", READERS)
@given(share=st.floats(0, 1), other=st.sampled_from([*READERS, "labels"]))
@quick
def test_a_splice_of_two_files_is_sound_or_refused(originals, form, share, other):
    head, tail = originals[form], originals[other]
    data = head[: int(share * len(head))] + tail[int((1 - share) * len(tail)) :]
    try:
        assert_sound(READERS[form](data))
    except DataError as error:
        assert "\n" not in str(error)


@given(steps=damage())
@quick
def test_a_damaged_label_file_is_sound_or_refused(originals, steps):
    try:
        windows = read_labels(damaged(originals["labels"], steps))
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert windows
        assert all(0 <= w.label <= 10 and 0 <= w.start < w.end for w in windows)


def events_of(side, latest):
    """Sound recordings of a few events."""
    coordinate = st.integers(0, side - 1)
    event = st.tuples(st.integers(0, latest), coordinate, coordinate, st.integers(0, 1))
    lists = st.lists(event, min_size=1, max_size=30).map(lambda rows: sorted(rows))
    return lists.map(lambda rows: of(*zip(*rows, strict=True), side=side))


@given(events=events_of(128, 2**31 - 1), orientation=st.sampled_from(["spikingjelly", "mlf"]))
@quick
def test_any_aedat2_recording_comes_back(tmp_path_factory, events, orientation):
    path = tmp_path_factory.getbasetemp() / "any.aedat2"
    write_aedat2(path, events, orientation=orientation)
    assert_same(read_aedat2(path, orientation=orientation, strict=True), events)


@given(events=events_of(128, 2**62 - 1), packet=st.integers(1, 9))
@quick
def test_any_aedat3_recording_comes_back(tmp_path_factory, events, packet):
    path = tmp_path_factory.getbasetemp() / "any.aedat3"
    write_aedat3(path, events, packet=packet)
    assert_same(read_aedat3(path, strict=True), events)


@given(events=events_of(240, 2**23 - 1))
@quick
def test_any_five_byte_recording_comes_back(tmp_path_factory, events):
    path = tmp_path_factory.getbasetemp() / "any.bin"
    write_five_byte(path, events)
    assert_same(read_five_byte(path, height=240, width=240, strict=True), events)
